"""``prismd doctor``: check an installation, and give advice on each problem."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import click
import httpx
import psycopg

from prismd.cli.database import database_as_it_is
from prismd.core.findings import Finding, Level, worst
from prismd.database_errors import DatabaseAwayError, DatabaseUnusableError
from prismd.server.exposure import is_readable, public_url, what_to_do
from prismd.server.failure import told_in_one_line
from prismd.server.listener import local_url
from prismd.services.monitoring.diagnosis import CHECKS, ClockReading, examine, judge_clock
from prismd.services.monitoring.disk import judge_disk
from prismd.services.runtime import system_clock
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, connect
from prismd.store.monitoring.diagnosis import read_time

#: Exit codes by the worst finding; Click uses 2 for a wrong command line.
_EXITS: Final = {Level.OK: 0, Level.ERROR: 1, Level.WARNING: 3}
_ANSWER_S: Final = 10
#: With this client encoding the checks work even on a database whose encoding prismd refuses.
_CONNECTION: Final[dict[str, Any]] = {"autocommit": True, "client_encoding": "UTF8"}
#: No check takes longer, unless another session blocks it.
_LIMITS: Final = "SET statement_timeout = '30s'; SET lock_timeout = '5s'"
_WIDTH: Final = 8


@click.command("doctor", short_help="Check an installation, and give advice.")
@click.option("--data-dir", type=click.Path(), help="Directory of the embedded PostgreSQL.")
@click.option("--url", help="Address of the server for clients.  [default: PRISMD_PUBLIC_URL, else the local one]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
@told_in_one_line()
def doctor_command(ctx: click.Context, data_dir: str | None, url: str | None, as_json: bool) -> None:  # noqa: FBT001 - Click passes flags so
    """Check an installation, and give advice on each problem.

    It checks the database (the one at PRISMD_DATABASE_URL, or else the embedded one, which it starts if needed), this
    machine, and the server as clients see it. It changes nothing. The exit code is 0 if all is well, 1 if there are
    errors, and 3 if there are only warnings.
    """
    settings = Settings.from_environment(data_dir=data_dir, public_url=url)
    findings = list(_findings(settings))
    click.echo(_as_json(findings) if as_json else _as_text(findings))
    ctx.exit(_EXITS[worst(findings)])


def _findings(settings: Settings) -> Iterator[Finding]:
    of_database = list(_of_database(settings))
    yield from of_database
    left = [check for check in CHECKS if check not in {one.check for one in of_database}]
    yield from (Finding(check, Level.SKIPPED, "not looked at: the database was not to be had") for check in left)
    yield _disk(settings)
    yield _environment()
    yield _exposure(settings)
    yield _reachability(public_url(settings) or local_url(settings.host, settings.port))


def _of_database(settings: Settings) -> Iterator[Finding]:
    try:
        with database_as_it_is(settings) as url, connect(url, settings, **_CONNECTION) as connection:
            connection.execute(_LIMITS)
            yield from examine(connection, settings, system_clock())
            yield judge_clock(_clocks(connection))
    except (DatabaseUnusableError, psycopg.Error) as error:
        yield _broken_off(error)


def _broken_off(error: Exception) -> Finding:
    told = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, DatabaseAwayError):
        return Finding("database", Level.ERROR, told, "start PostgreSQL, or mend PRISMD_DATABASE_URL")
    if isinstance(error, DatabaseUnusableError):
        return Finding("database", Level.ERROR, told.partition(": ")[0], told.partition(": ")[2] or "see above")
    return Finding("database", Level.ERROR, f"it broke off: {told}", "look into PostgreSQL's log, and ask again")


def _clocks(connection: Connection) -> ClockReading:
    connection.execute("SELECT 1")  # the first statement takes longer, so do not time it
    before = system_clock()
    theirs = read_time(connection)
    return ClockReading(before, theirs, system_clock())


def _disk(settings: Settings) -> Finding:
    if settings.database_url:
        told = "not looked at: the database is at PRISMD_DATABASE_URL; watch the disk of its machine"
        return Finding("disk", Level.SKIPPED, told)
    directory = Path(os.path.realpath(settings.data_dir))
    try:
        total, _, free = shutil.disk_usage(directory)
    except OSError as error:
        return Finding("disk", Level.SKIPPED, f"not looked at: {directory}: {error.strerror}")
    return judge_disk(str(directory), free, total)


def _environment() -> Finding:
    known = {f"PRISMD_{declared.name.upper()}" for declared in fields(Settings)}
    unknown = sorted(name for name in os.environ if name.startswith("PRISMD_") and name not in known)
    if not unknown:
        return Finding("environment", Level.OK, "no variable that means nothing")
    near = [f"{name} (meant {meant[0]}?)" for name in unknown if (meant := get_close_matches(name, known, 1))]
    told = f"these variables are no settings, and do nothing: {', '.join(unknown)}"
    return Finding("environment", Level.WARNING, told, f"take them away, or mend them: {', '.join(near or unknown)}")


def _exposure(settings: Settings) -> Finding:
    if is_readable(settings):
        told = f"PRISMD_HOST is {settings.host or 'every address'}, and no TLS is known to stand in front"
        return Finding("exposure", Level.WARNING, told, what_to_do())
    told = "TLS stands in front" if public_url(settings).startswith("https://") else "listens on this machine alone"
    return Finding("exposure", Level.OK, told)


def _reachability(url: str | None) -> Finding:
    if url is None:
        return Finding("reachability", Level.SKIPPED, "not looked at: PRISMD_PORT is 0; name the address with --url")
    try:
        answer = httpx.get(f"{url}/healthz", timeout=_ANSWER_S)
    except httpx.HTTPError as error:
        told = f"{url} does not answer: {str(error) or type(error).__name__}"
        return Finding("reachability", Level.ERROR, told, "start `prismd serve`, or name its address with --url")
    if "x-request-id" not in answer.headers:
        told = f"{url} answers {answer.status_code}, and is not prismd"
        return Finding("reachability", Level.ERROR, told, "look at the proxy in front, and at --url")
    if answer.status_code != httpx.codes.OK:
        told = f"{url}/healthz says {answer.status_code}: {_message(answer)}"
        return Finding("reachability", Level.ERROR, told, "see the findings about the database and the workers")
    return Finding("reachability", Level.OK, f"{url} answers in {answer.elapsed.total_seconds() * 1000:,.0f} ms")


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return answer.text[:200]


def _as_json(findings: list[Finding]) -> str:
    return json.dumps({"state": worst(findings), "findings": [asdict(one) for one in findings]}, ensure_ascii=False)


def _as_text(findings: list[Finding]) -> str:
    width = max(len(one.check) for one in findings)
    lines = []
    for one in findings:
        lines.append(f"{one.level:{_WIDTH}} {one.check:{width}}  {one.found}")
        if one.advice:
            lines.append(f"{'':{_WIDTH}} {'':{width}}  → {one.advice}")
    counts = ", ".join(
        f"{number} {word}"
        for level, word in ((Level.ERROR, "wrong"), (Level.WARNING, "to look at"), (Level.OK, "in order"))
        if (number := sum(one.level is level for one in findings))
    )
    return "\n".join([*lines, "", counts])
