"""The demonstration: a server of its own, real input, and what became of every row."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from micro_so import Micro
from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax

from demo import authors, people
from demo.wire import Wire
from launch.server import PRISMD, ServerDidNotStartError, fresh_directory, own_server

PLACE: Final = Path("data/demo")
PEOPLE: Final = 20_000
SEED: Final = 8400
ROWS_PER_REQUEST: Final = 90
KEYS: Final = {"contact": "email", "organization": "primary_domain"}
IMPORT_COULD_NOT_RUN: Final = 2
SNIPPET: Final = """
import os
from micro_so import Micro

client = Micro(api_key=os.environ.get("MICRO_API_KEY"), team_id=os.environ["MICRO_TEAM_ID"])
import_ = client.prism.imports.get(job_id="{job_id}")
print(import_.job_id, import_.status, import_.succeeded, "of", import_.total)
"""

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Run the demonstration and return its exit code."""
    arguments = _arguments()
    # A polite stop from outside ends like Ctrl-C: in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with fresh_directory(PLACE) as directory:
            return _show(directory, arguments)
    except KeyboardInterrupt:
        console.print("\nStopped by you; nothing is left running.")
        return 130
    except ServerDidNotStartError as error:
        console.print(f"[red]The server did not start.[/] Its last words:\n{escape(str(error))}")
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--file", type=Path, help="import this file instead of the generated one")
    parser.add_argument("--type", default="contact", help="object type of the file's rows")
    parser.add_argument("--dedupe-by", help="property that decides that a row is a record already there")
    return parser.parse_args()


def _show(directory: Path, arguments: argparse.Namespace) -> int:
    console.print("[bold]prismd[/]: starting a server of its own, on its embedded PostgreSQL …")
    with own_server(directory) as server:
        console.print(f"Ready at {server.url} after {server.start_s:.1f} s; its API page is {server.url}/docs")
        # The notes by which an import is resumed lie here, because not everybody has a home to write to.
        os.environ.update({**server.environment, "XDG_STATE_HOME": str(directory.absolute() / "state")})
        wire = Wire(server)
        _import_authors()
        code = _import_own_file(wire, arguments) if arguments.file else _import_people(wire)
        console.print("\nStopping …")
    console.print("Stopped; the server and its PostgreSQL are gone.")
    return code


def _import_authors() -> None:
    rows = authors.contacts()
    _title("1", "the authors of the Python distributions on this machine: small, answered at once")
    outcomes = _authors_outcomes(rows)
    _counts(outcomes)
    console.print("The same once more:")
    _counts(_authors_outcomes(rows))


def _authors_outcomes(rows: list[dict[str, str]]) -> Counter[str]:
    client = Micro(team_id=os.environ["MICRO_TEAM_ID"])
    outcomes: Counter[str] = Counter()
    for start in range(0, len(rows), ROWS_PER_REQUEST):
        objects: list[Any] = [{"default": row} for row in rows[start : start + ROWS_PER_REQUEST]]
        job = client.prism.objects.contacts.bulk_create(objects=objects, options={"dedupe_by": "email"})
        for result in job.results or []:
            outcomes["created" if result.created else "existing" if result.existing else "failed"] += 1
    return outcomes


def _import_people(wire: Wire) -> int:
    _title("2", f"a messy file of {PEOPLE:,} people: large, a job in the background")
    slug = wire.add_property("contact", "Customer number", "str")
    assert slug in people.COLUMNS, slug  # noqa: S101 - the file's header must name the property just made
    path = PLACE / "people.csv"
    planted = people.write(path, PEOPLE, SEED, wire.option_slugs("contact", "seniority"))
    console.print(f"{path} ({path.stat().st_size / 1e6:.1f} MB, seed {SEED}) was made with")
    for kind, count in planted.items():
        console.print(f"  {count:>6,}  {kind.value}")
    return _import_file(wire, path, "contact", "email", people.expected(planted))


def _import_own_file(wire: Wire, arguments: argparse.Namespace) -> int:
    _title("2", f"your file {arguments.file}")
    key = arguments.dedupe_by or KEYS.get(arguments.type)
    return _import_file(wire, arguments.file, arguments.type, key)


def _import_file(
    wire: Wire, path: Path, object_type: str, key: str | None, expected: Mapping[str, int] | None = None
) -> int:
    command = ["import", str(path), "--type", object_type, *(["--dedupe-by", key] if key else [])]
    console.print(f"[dim]$ prismd {' '.join(command)}[/]")
    before = len(wire.jobs())
    code = subprocess.run([PRISMD, *command], check=False).returncode
    if code >= IMPORT_COULD_NOT_RUN:
        return code
    # What was answered at once is no job, and is not told of again.
    if jobs := wire.jobs()[before:]:
        _title("3", f"the same, as the server has it, in {len(jobs)} job{'s' if len(jobs) > 1 else ''}")
        found = {name: sum(job[name] for job in jobs) for name in ("created", "existing", "failed")}
        _counts(found)
        if expected is not None and found != expected:
            console.print(f"[red]  ✗ the file was made to give {expected}[/]")
            return 1
        if expected is not None:
            console.print("  [green]✓[/] exactly what the file was made to give")
        _poll(jobs[-1]["job_id"])
    console.print(f"The team now has {wire.count(object_type):,} records of type {object_type}.")
    return 0


def _poll(job_id: str) -> None:
    _title("4", "the official client polls the last job")
    console.print(
        Syntax(SNIPPET.format(job_id=job_id).strip(), "python", theme="ansi_dark", background_color="default")
    )
    exec(SNIPPET.format(job_id=job_id), {})  # noqa: S102 - what is shown is what runs, to the letter


def _title(number: str, text: str) -> None:
    console.print(f"\n[bold cyan]{number}[/] [bold]{escape(text)}[/]")


def _counts(outcomes: Mapping[str, int]) -> None:
    console.print(
        f"  [green]{outcomes['created']:,} created[/] · {outcomes['existing']:,} matched a record already there · "
        f"[yellow]{outcomes['failed']:,} refused[/]"
    )


if __name__ == "__main__":
    sys.exit(main())
