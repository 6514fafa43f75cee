"""What is written for people: complete, true to the code, and without links that lead nowhere."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from micro_so import Micro

from prismd.api.document.openapi import document
from prismd.api.document.shapes import ImportJob
from prismd.api.http.absent_routes import ABSENT, absent_route
from prismd.cli.main import main
from prismd.core.errors import HTTP_STATUS, JOB_CODES, ROW_CODES
from prismd.core.imports.job import TRANSITIONS
from prismd.core.imports.options import KNOWN_OPTIONS
from reference import compatibility, generate
from tests.processes import PATIENCE_S

if TYPE_CHECKING:
    from tests.processes import RunningServer

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def written(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for part in command.list_commands(context):
            child = command.get_command(context, part)
            assert child is not None
            yield from commands(child, f"{name} {part}")
    else:
        yield name, command


def sections(page: str) -> dict[str, str]:
    """Return what a page says under each heading of the second level."""
    return dict(re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", written(page), re.MULTILINE))


def option_rows(section: str) -> Iterator[tuple[list[str], str | None]]:
    """Return the options of each line of a section's tables, and of which subcommands it says that they are."""
    columns: list[str] = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not columns:
            columns = cells
        elif not cells:
            columns = []
        elif "option" in columns:
            row = dict(zip(columns, cells, strict=False))
            yield re.findall(r"--[a-z][a-z-]*", row["option"]), row.get("of")


SECTIONS = {heading.strip("`"): text for heading, text in sections("docs/cli.md").items()}
COMMANDS = dict(commands(main, "prismd"))
OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter, click.Option)
    for option in parameter.opts
    if option.startswith("--")
]


def section_of(command: str) -> str:
    """Return the heading under which a command is described: its own, or that of the group that it is in."""
    return command if command in SECTIONS else command.rpartition(" ")[0]


def test_the_page_of_settings_is_what_the_settings_say() -> None:
    assert generate.SETTINGS_PAGE.read_text(encoding="utf-8") == generate.settings_page(), "run `make docs`"


def test_the_table_of_routes_is_what_the_api_serves() -> None:
    page = generate.COMPATIBILITY_PAGE.read_text(encoding="utf-8")
    assert page == generate.with_table(page, generate.compatibility_table()), "run `make docs`"


def test_the_table_of_metrics_is_what_there_is() -> None:
    page = generate.METRICS_PAGE.read_text(encoding="utf-8")
    assert page == generate.with_table(page, generate.metrics_table()), "run `make docs`"


def test_every_endpoint_of_the_contract_is_on_the_page() -> None:
    known = compatibility.endpoints(document())
    assert sum(one.count() for one in known if one.since == compatibility.CLIENT) == 125
    assert sum(one.count() for one in known) == 178
    page = generate.COMPATIBILITY_PAGE.read_text(encoding="utf-8")
    for one in known:
        assert f"| {one.state} | {one.method} | `{one.path}` |" in page


def test_every_endpoint_that_is_not_wholly_there_says_why() -> None:
    assert not [one.path for one in compatibility.endpoints(document()) if one.state != "yes" and not one.why]


def test_no_reason_why_an_endpoint_is_missing_outlives_its_coming() -> None:
    known = compatibility.endpoints(document())
    missing = [one.path.replace("{type}", name) for one in known if one.state == "no" for name in one.types or ("",)]
    assert {absent_route(path) for path in missing} == set(ABSENT)
    there = {(one.method, one.path) for one in known if one.state == "partial"}
    assert set(compatibility.PARTIAL) == there


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented_in_its_section(command: str) -> None:
    assert command in SECTIONS or re.search(rf"`{command}\b", SECTIONS[section_of(command)])


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_every_option_of_a_command_is_documented_in_its_section(command: str, option: str) -> None:
    section = SECTIONS[section_of(command)]
    if command in SECTIONS:
        assert re.search(rf"`{option}[ `]", section)
        return
    of = [of for options, of in option_rows(section) if option in options]
    assert any(of == "all" or f"`{command.rpartition(' ')[2]}`" in (of or "") for of in of)


@pytest.mark.parametrize("section", SECTIONS)
def test_no_option_in_the_tables_of_a_section_outlives_its_command(section: str) -> None:
    """Nor is it said to be of a subcommand that does not have it."""
    for options, of in option_rows(SECTIONS[section]):
        words = re.findall(r"`(\w+)`", of or "")
        about = [f"{section} {word}" for word in words] or [name for name in COMMANDS if section_of(name) == section]
        for option in options:
            having = [name for name in about if (name, option) in OPTIONS]
            assert having == about if words or of == "all" else having, option


def test_the_sections_of_commands_are_all_read() -> None:
    assert list(SECTIONS) == [
        f"prismd {name}" for name in re.findall(r"^\| \[`prismd (\w+)`\]", written("docs/cli.md"), re.MULTILINE)
    ]
    assert {section_of(name) for name in COMMANDS} == set(SECTIONS)


@pytest.mark.parametrize(("code", "status"), HTTP_STATUS.items())
def test_every_error_code_of_a_request_is_documented_with_its_status(code: str, status: int) -> None:
    assert re.search(
        rf"^### `{code}`\n\nStatus {status}\b", sections("docs/errors.md")["Codes of a request"], re.MULTILINE
    )


@pytest.mark.parametrize(
    ("codes", "heading"),
    [(HTTP_STATUS, "Codes of a request"), (ROW_CODES, "Codes of a row"), (JOB_CODES, "Codes of a job")],
)
def test_the_error_codes_of_each_kind_are_those_documented(codes: Mapping[str, object], heading: str) -> None:
    assert set(re.findall(r"^### `(\w+)`$", sections("docs/errors.md")[heading], re.MULTILINE)) == set(codes)


@pytest.mark.parametrize("option", KNOWN_OPTIONS)
def test_every_option_of_an_import_is_documented(option: str) -> None:
    assert re.search(rf"^\|.*`{option}`", sections("docs/imports.md")["Options"], re.MULTILINE)


@pytest.mark.parametrize("field", ImportJob.__struct_fields__)
def test_every_field_of_an_import_job_is_documented(field: str) -> None:
    assert re.search(rf"^\|.*`{field}`.* \|", sections("docs/imports.md")["Following a job"], re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_into_pages_lead_to_a_heading(page: Path) -> None:
    missing = []
    for link, heading in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8")):
        target = (page.parent / link) if link else page
        if heading not in anchors(target.read_text(encoding="utf-8")):
            missing.append(f"{link}#{heading}")
    assert missing == []


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_leads_to_every_page() -> None:
    index = written("docs/index.md")
    assert not [
        page.name for page in (ROOT / "docs").glob("*.md") if page.name != "index.md" and page.name not in index
    ]


def test_every_decision_is_listed() -> None:
    listed = written("docs/decisions/README.md")
    assert not [page.name for page in (ROOT / "docs/decisions").glob("0*.md") if page.name not in listed]


def python_of(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", written(page), re.DOTALL)


@pytest.fixture
def variables(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `prismd serve` prints is set."""
    for name, value in (("BASE_URL", server.url), ("API_KEY", server.key), ("TEAM_ID", server.team)):
        monkeypatch.setenv(f"MICRO_{name}", value)


@contextmanager
def executed(snippet: str) -> Iterator[dict[str, Any]]:
    """Execute the Python of a page, give what it made by name, and close the clients that it leaves open."""
    names: dict[str, Any] = {}
    try:
        exec(snippet, names)  # noqa: S102 - the page is ours
        yield names
    finally:
        for made in names.values():
            client = getattr(made, "_client", made)  # a page may keep only a resource of the client that it makes
            if isinstance(client, Micro):
                client.close()


def test_no_page_has_python_that_is_not_tried() -> None:
    pages = {str(page.relative_to(ROOT)) for page in PAGES if python_of(str(page.relative_to(ROOT)))}
    assert pages == {"README.md", "COMPATIBILITY.md", "docs/realtime.md"}


@pytest.mark.usefixtures("variables")
def test_the_python_of_the_readme_runs_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    with executed("".join(python_of("README.md"))) as names:
        (row,) = names["job"].results
        assert (row.created, row.existing) in {(True, False), (False, True)}
        printed = capsys.readouterr().out
        assert row.id in printed
        assert "'ada@example.org'" in printed
        assert row.id in {found.id for found in names["page"].data}


@pytest.mark.usefixtures("variables")
def test_the_client_that_the_page_makes_is_let_in_and_wants_a_team() -> None:
    (snippet,) = python_of("COMPATIBILITY.md")
    with executed(snippet) as names:
        assert names["client"].prism.objects.contacts.count().total >= 0
    with pytest.raises(TypeError, match="team_id"), executed(re.sub(r", team_id=[^)]*", "", snippet)):
        pass


@pytest.mark.usefixtures("variables")
def test_the_python_of_the_realtime_page_prints_what_happens() -> None:
    (snippet,) = python_of("docs/realtime.md")
    command = [sys.executable, "-u", "-c", snippet]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listening:
        patience = threading.Timer(PATIENCE_S, listening.kill)
        patience.start()
        try:
            assert listening.stdout is not None
            assert "'type': 'hello'" in listening.stdout.readline()
            with Micro(team_id=os.environ["MICRO_TEAM_ID"]) as client:
                made = client.prism.objects.contacts.create(default={"full_name": "Ada"})
            assert any(made.id in line for line in listening.stdout)
        finally:
            patience.cancel()
            listening.kill()


def names_in(module: Path) -> set[str]:
    defined = ast.walk(ast.parse(module.read_text(encoding="utf-8")))
    return {one.name for one in defined if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}


STOPS = re.findall(r"^\| \d+ \| `([\w/.]+)` \| `(\w+)` \|", written("docs/architecture.md"), re.MULTILINE)


def test_the_walks_through_the_code_have_their_stops() -> None:
    numbered = re.findall(r"^\| \d+ \|", written("docs/architecture.md"), re.MULTILINE)
    assert len(STOPS) == len(numbered) > 20


@pytest.mark.parametrize(("file", "name"), STOPS)
def test_a_stop_of_a_walk_is_where_the_page_says(file: str, name: str) -> None:
    assert name in names_in(ROOT / "src/prismd" / file)


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/glossary.md", "CONTRIBUTING.md", "README.md"])
def test_a_path_of_the_code_that_a_page_names_exists(page: str) -> None:
    found = set(re.findall(r"`((?:src/prismd/)?(?:\w+/)+(?:[\w.]+\.py)?)`", written(page)))
    named = {
        path for path in found if path.startswith("src/prismd/") or page in {"docs/architecture.md", "docs/glossary.md"}
    }
    missing = [path for path in named if not (ROOT / "src/prismd" / path.removeprefix("src/prismd/")).exists()]
    assert missing == []


def test_ten_changes_have_the_file_in_which_they_begin() -> None:
    changes = re.findall(r"^\| [^|]+ \| `(src/prismd/[\w/]+\.py)` \|$", written("CONTRIBUTING.md"), re.MULTILINE)
    assert len(set(changes)) == 10
    assert [path for path in changes if not (ROOT / path).is_file()] == []


def test_the_glossary_has_twenty_words_each_once() -> None:
    words = re.findall(r"^\| ([a-z ]+) \| .+ \| `[\w/.]+` \|$", written("docs/glossary.md"), re.MULTILINE)
    assert len(words) == len(set(words)) == 20


#: Words that the glossary has replaced: a name with one of them makes two words for one thing.
FORMER_WORDS = {"verdict", "verdicts", "touches", "outbox", "upkeep", "sealed"}


def test_nothing_in_the_code_is_named_by_a_former_word() -> None:
    modules = [path for folder in ("src", "bench", "chaos", "demo", "launch") for path in (ROOT / folder).rglob("*.py")]
    found = {path: FORMER_WORDS & {part for name in used_names(path) for part in name.split("_")} for path in modules}
    assert {path: words for path, words in found.items() if words} == {}


def used_names(module: Path) -> Iterator[str]:
    for one in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield one.name
        elif isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.Attribute):
            yield one.attr
        elif isinstance(one, ast.arg):
            yield one.arg


def test_the_map_of_the_readme_has_every_layer() -> None:
    drawn = set(re.findall(r"^  (\w+)/ ", written("README.md"), re.MULTILINE))
    assert drawn == {path.parent.name for path in (ROOT / "src/prismd").glob("*/__init__.py")}


def test_the_diagram_of_states_is_what_jobs_do() -> None:
    drawn = set(re.findall(r"^ +(\w+) --> (\w+)", written("docs/reliability.md"), re.MULTILINE))
    assert drawn == {(str(state), str(after)) for state, successors in TRANSITIONS.items() for after in successors}
