"""``prismd audit``: print the audit log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, Final

import click

from prismd.cli.database import database
from prismd.core.audit import Action, AuditFilter, moment_of
from prismd.core.values.dates import UnreadableDateError
from prismd.server.failure import told_in_one_line
from prismd.services.api_keys.api_keys import team_named
from prismd.services.audit import page_of_audit
from prismd.services.runtime import open_runtime
from prismd.services.session import Session
from prismd.settings import Settings
from prismd.store.audit import AuditEntry

_PAGE: Final = 1_000
#: The most ids in a line; JSON output has all of them.
_SHOWN_IDS: Final = 3


class _Moment(click.ParamType[datetime]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401 - as Click declares it
        """Return the moment that a text names."""
        try:
            return value if isinstance(value, datetime) else moment_of(value)
        except UnreadableDateError as error:
            self.fail(f"{error}; write a day or a moment, such as 2026-01-31T12:00:00Z", param, ctx)


_MOMENT: Final = _Moment()


@click.command("audit", short_help="Show who did what to what, and when.")
@click.option("--team", help="Id of the team, as in paths; may be left out where there is only one.")
@click.option("--since", type=_MOMENT, help="Done then or later: a day or a moment, in UTC where it names no zone.")
@click.option("--until", type=_MOMENT, help="Done before then.")
@click.option("--action", type=click.Choice([action.value for action in Action]), help="What was done.")
@click.option("--object", "object_id", type=click.UUID, help="To the record, import, property, view or key of this id.")
@click.option("--key", "key_id", type=click.UUID, help="By the key of this id, as `prismd keys list` shows it.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="Most entries.")
@click.option("--json", "as_json", is_flag=True, help="Print each entry as one line of JSON.")
@click.option("--data-dir", type=click.Path(), help="Directory of the embedded PostgreSQL.")
@told_in_one_line()
def audit_command(*, team: str | None, limit: int, as_json: bool, data_dir: str | None, **wanted: Any) -> None:  # noqa: ANN401 - what the filter takes
    """Show who did what to what, and when, newest first.

    It reads the database at PRISMD_DATABASE_URL, or else the embedded one of the data directory, whether or not
    `prismd serve` runs on it.
    """
    settings = Settings.from_environment(data_dir=data_dir)
    with database(settings) as url, closing(open_runtime(url, settings)) as runtime:
        session = Session(runtime, runtime.do_for_all_teams(team_named, team))
        for entry in _entries(session, _filter(wanted), limit):
            click.echo(_as_json(entry) if as_json else _line(entry))


def _filter(wanted: dict[str, Any]) -> AuditFilter:
    return AuditFilter(
        since=wanted["since"],
        until=wanted["until"],
        action=wanted["action"] and Action(wanted["action"]),
        object_id=wanted["object_id"] and str(wanted["object_id"]),
        key_id=wanted["key_id"] and str(wanted["key_id"]),
    )


def _entries(session: Session, wanted: AuditFilter, limit: int) -> Iterator[AuditEntry]:
    position = None
    while limit:
        page = session.do(page_of_audit, wanted, before=position, limit=min(limit, _PAGE))
        yield from page.entries
        limit, position = limit - len(page.entries), page.next_position
        if position is None:
            return


def _line(entry: AuditEntry) -> str:
    nobody = "an unknown key" if entry.action == Action.AUTHENTICATION_FAILED else "the operator or the server"
    who = f"key {entry.key_id} …{entry.key_hint} {entry.key_name}".rstrip() if entry.key_id else nobody
    ids = " ".join(entry.object_ids[:_SHOWN_IDS])
    more = f" and {entry.total - _SHOWN_IDS} more" if entry.total > _SHOWN_IDS else ""
    what = " ".join(part for part in (entry.object_type, ids + more) if part)
    details = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
    return "  ".join(part for part in (_moment(entry.at), entry.action, what, who, details) if part)


def _as_json(entry: AuditEntry) -> str:
    told = {name: getattr(entry, name) for name in entry.__slots__}
    return json.dumps({**told, "at": _moment(entry.at)})


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
