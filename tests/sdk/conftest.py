"""The official client in both its forms, against one real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite("tests.sdk.record_cases", "tests.sdk.other_cases")

from tests.sdk.driver import FORMS, Sdk, opened  # noqa: E402 - asserts are rewritten before they are imported

if TYPE_CHECKING:
    from tests.processes import RunningServer


@pytest.fixture(scope="module", params=FORMS)
def client_form(request: pytest.FixtureRequest, server: RunningServer) -> Iterator[Sdk]:
    with opened(server, request.param) as sdk:
        yield sdk


@pytest.fixture
def sdk(client_form: Sdk) -> Sdk:
    """The client, of which nothing was called yet."""
    client_form.called.clear()
    return client_form
