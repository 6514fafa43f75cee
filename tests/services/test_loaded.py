"""What a transaction reads of properties and keys it reads once, and again after a lock, which others may have had."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from prismd.core.errors import PrismdError
from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import Option
from prismd.services.records.keys import ensure_key
from prismd.services.runtime import Runtime
from prismd.services.session import Session, Transaction
from prismd.store import properties

EMAIL: Final = native_schema("contact").properties["email"]
STATUS: Final = native_schema("contact").properties["status"]


@pytest.fixture
def session(runtime: Runtime, make_team: Callable[[], int]) -> Session:
    """A session of a team of its own."""
    return Session(runtime, make_team())


def add_option(session: Session, label: str) -> None:
    with session.transaction() as other:
        made = [Option(other.new_id(), label.lower(), label)]
        properties.add_options(other.connection, other.team_id, "contact", STATUS.id, made)


def labels(transaction: Transaction) -> set[str]:
    return {option.value for option in transaction.schema("contact").properties["status"].options}


def test_properties_are_read_once_and_again_after_a_lock(session: Session) -> None:
    with session.transaction() as own:
        before = labels(own)
        add_option(session, "Frozen")
        assert labels(own) == before
        own.lock_type("deal")
        assert labels(own) == before
        own.lock_type("contact")
        assert labels(own) == before | {"Frozen"}


def test_properties_are_read_again_after_a_commit(session: Session) -> None:
    with session.transaction() as own:
        before = labels(own)
        add_option(session, "Frozen")
        own.commit_and_go_on()
        assert labels(own) == before | {"Frozen"}


def test_keys_that_a_transaction_adds_are_known_to_it(session: Session) -> None:
    with session.transaction() as own:
        assert own.keys_in_use("contact") == {}
        ensure_key(own, "contact", EMAIL, tells_apart=True)
        assert own.keys_in_use("contact") == {"email": True}


def test_keys_that_others_add_are_known_after_the_lock(session: Session) -> None:
    with session.transaction() as own:
        assert own.keys_in_use("contact") == {}
        with session.transaction() as other:
            ensure_key(other, "contact", EMAIL)
        own.lock_type("contact")
        assert own.keys_in_use("contact") == {"email": False}


def _add_key_and_fail(own: Transaction) -> None:
    ensure_key(own, "contact", EMAIL, tells_apart=True)
    assert own.keys_in_use("contact") == {"email": True}
    raise PrismdError.invalid(".body", "expected nothing", "enum")


def test_keys_that_a_failed_part_added_are_not_known_after_it(session: Session) -> None:
    with session.transaction() as own:
        with pytest.raises(PrismdError), own.savepoint():
            _add_key_and_fail(own)
        assert own.keys_in_use("contact") == {}
