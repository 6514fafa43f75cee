"""Shapes of the realtime ticket and of the messages of the stream (contract, section 15; docs/realtime.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

from prismd.core.imports.job import WIRE_STATUS
from prismd.core.json.text import encode
from prismd.core.notifications import ImportMoved, RecordsChanged


class RealtimeTicket(Struct, frozen=True, kw_only=True):
    """A ticket, which opens one realtime stream."""

    expires_in: Annotated[int, Meta(ge=1, description="Seconds in which the stream must be opened.")]
    ticket: Annotated[str, Meta(description="Good once, as the parameter `token` of the WebSocket.")]
    ws_url: Annotated[str | None, Meta(description="Where to open it; null where the request names no host.")]


class Hello(Struct, frozen=True, tag_field="type", tag="hello", kw_only=True):
    """The first message: every change that is committed from now on is reported."""

    team_id: str
    at: datetime


class Records(Struct, frozen=True, tag_field="type", tag="records", kw_only=True):
    """The same change happened to some records of one type."""

    object_type: str
    change: str
    ids: Sequence[str]


class Import(Struct, frozen=True, tag_field="type", tag="import", kw_only=True):
    """An import job has moved on; fields are those of the job."""

    job_id: str
    object_type: str
    state: str
    status: str
    dry_run: bool
    total: int
    processed: int
    succeeded: int
    failed: int
    created: int
    existing: int
    updated: int
    contacts_created: int


RESYNC: Final = '{"type":"resync"}'
LAGGED: Final = '{"type":"lagged"}'


def hello_message(team: str, at: datetime) -> str:
    """Return the first message of a stream.

    Args:
        team: Public id of the team.
        at: The time, in UTC.
    """
    return encode(Hello(team_id=team, at=at)).decode()


def records_message(changed: RecordsChanged) -> str:
    """Return the message about changed records."""
    return encode(Records(object_type=changed.object_type, change=changed.change, ids=changed.ids)).decode()


def import_message(moved: ImportMoved) -> str:
    """Return the message about the progress of an import."""
    succeeded = moved.created + moved.existing
    shown = Import(
        job_id=moved.job_id,
        object_type=moved.object_type,
        state=moved.state,
        status=WIRE_STATUS[moved.state],
        dry_run=moved.dry_run,
        total=moved.total,
        processed=succeeded + moved.failed,
        succeeded=succeeded,
        failed=moved.failed,
        created=moved.created,
        existing=moved.existing,
        updated=moved.updated,
        contacts_created=moved.contacts_created,
    )
    return encode(shown).decode()
