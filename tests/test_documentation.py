"""What is written for people: complete, true to the code, and without links that lead nowhere."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
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


COMMANDS = dict(commands(main, "prismd"))
OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter, click.Option)
    for option in parameter.opts
    if option.startswith("--")
]


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
def test_every_command_is_documented(command: str) -> None:
    assert command in written("docs/cli.md")


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_every_option_of_a_command_is_documented(command: str, option: str) -> None:
    assert f"{option}" in written("docs/cli.md"), command


@pytest.mark.parametrize("code", sorted({*HTTP_STATUS, *ROW_CODES, *JOB_CODES}))
def test_every_error_code_is_documented(code: str) -> None:
    assert f"`{code}`" in written("docs/errors.md")


@pytest.mark.parametrize("option", KNOWN_OPTIONS)
def test_every_option_of_an_import_is_documented(option: str) -> None:
    assert f"`{option}`" in written("docs/imports.md")


@pytest.mark.parametrize("field", ImportJob.__struct_fields__)
def test_every_field_of_an_import_job_is_documented(field: str) -> None:
    assert f"`{field}`" in written("docs/imports.md")


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
        for client in names.values():
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
    assert len(STOPS) > 30


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


def test_the_glossary_has_twenty_words_each_once() -> None:
    words = re.findall(r"^\| ([a-z ]+) \| .+ \| `[\w/.]+` \|$", written("docs/glossary.md"), re.MULTILINE)
    assert len(words) == len(set(words)) == 20


def test_the_map_of_the_readme_has_every_layer() -> None:
    drawn = set(re.findall(r"^  (\w+)/ ", written("README.md"), re.MULTILINE))
    assert drawn == {path.parent.name for path in (ROOT / "src/prismd").glob("*/__init__.py")}


def test_the_diagram_of_states_is_what_jobs_do() -> None:
    drawn = set(re.findall(r"^ +(\w+) --> (\w+)", written("docs/reliability.md"), re.MULTILINE))
    assert drawn == {(str(state), str(after)) for state, successors in TRANSITIONS.items() for after in successors}
