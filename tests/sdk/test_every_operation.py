"""Each of the 125 operations of the official client 0.8.0, with both its forms, does what the contract says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from micro_so import AsyncMicro, Micro

from prismd.api.document.openapi import document
from reference import compatibility
from tests.sdk.driver import operations
from tests.sdk.kinds import KINDS
from tests.sdk.other_cases import OTHER_CASES
from tests.sdk.record_cases import RECORD_CASES

if TYPE_CHECKING:
    from tests.sdk.driver import Sdk

CASES = {**RECORD_CASES, **OTHER_CASES}


@pytest.mark.parametrize("operation", CASES)
def test_an_operation_does_what_the_contract_says(sdk: Sdk, operation: str) -> None:
    CASES[operation](sdk)
    assert operation in sdk.called


def test_every_operation_of_the_client_is_tried() -> None:
    with Micro(api_key="none", team_id="none") as client:
        assert set(CASES) == operations(client)
    assert operations(AsyncMicro(api_key="none", team_id="none")) == set(CASES)
    assert len(CASES) == 125


def test_the_table_of_endpoints_has_every_operation_of_the_client() -> None:
    assert set(_named()) == set(CASES)


def _named() -> Iterator[str]:
    for one in compatibility.endpoints(document()):
        if one.since == compatibility.CLIENT:
            resources = [KINDS[name].resource for name in one.types] or [""]
            yield from (one.sdk.replace("{type}", resource) for resource in resources)
