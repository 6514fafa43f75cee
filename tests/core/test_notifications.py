"""Notices of changes fit into PostgreSQL's, come back as they were told, and nothing else is taken for one."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.imports.job import State
from prismd.core.notifications import Change, ImportMoved, RecordsChanged, payloads_of, read_notification

PAYLOAD_BYTES_MAX = 7_999

TEAMS = st.integers(1, 2**63 - 1)
COUNTS = st.integers(0, 2**31 - 1)
TYPES = st.sampled_from(["contact", "organization", "engagement"])
IDS = st.uuids().map(str)
MOVED = st.builds(
    ImportMoved,
    team_id=TEAMS,
    job_id=IDS,
    object_type=TYPES,
    state=st.sampled_from(State),
    synchronous=st.booleans(),
    dry_run=st.booleans(),
    **dict.fromkeys(("total", "created", "existing", "updated", "failed"), COUNTS),
    chunk=st.none() | COUNTS,
)


@given(TEAMS, TYPES, st.sampled_from(Change), st.integers(0, 1_000))
def test_changes_of_records_fit_into_notifications(team_id: int, object_type: str, change: Change, count: int) -> None:
    ids = [str(uuid.UUID(int=number)) for number in range(count)]
    texts = list(payloads_of(RecordsChanged(team_id, object_type, change, ids)))
    assert all(len(text.encode()) <= PAYLOAD_BYTES_MAX for text in texts)
    read: list[Any] = [read_notification(text) for text in texts]
    assert [id_ for one in read for id_ in one.ids] == ids
    assert {(one.team_id, one.object_type, one.change) for one in read} <= {(team_id, object_type, change)}


@given(MOVED)
def test_an_import_is_told_of_in_one_notification_that_fits(moved: ImportMoved) -> None:
    [text] = payloads_of(moved)
    assert len(text.encode()) <= PAYLOAD_BYTES_MAX
    assert read_notification(text) == moved


@given(st.text() | MOVED.map(lambda one: next(payloads_of(one))[:-1]))
def test_what_is_no_notification_is_passed_over(text: str) -> None:
    assert read_notification(text) is None


def test_a_notification_of_a_later_version_is_read_as_far_as_it_is_known() -> None:
    [text] = payloads_of(RecordsChanged(1, "contact", Change.UPDATED, ["a"]))
    known = msgspec.convert(msgspec.json.decode(text), RecordsChanged)
    assert read_notification(text[:-1] + ',"by":"somebody"}') == known
