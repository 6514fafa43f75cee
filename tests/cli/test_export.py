"""`prismd export` against a real server, and its files read back by `prismd import`."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from prismd.core.values.blanks import is_blank
from tests.cli.test_export_reads_back import HOSTILE
from tests.cli.test_import_against_server import Environment, team
from tests.processes import PATIENCE_S, RunningServer, ended, start_prismd

__all__ = ["team"]

Prismd = Callable[..., tuple[int, str, str]]

FORMATS = ("ndjson", "csv", "xlsx", "parquet")


@pytest.fixture
def other(server: RunningServer, tmp_path: Path) -> Environment:
    """A further, empty team."""
    return team.__wrapped__(server, tmp_path)  # type: ignore[attr-defined, no-any-return] # the function behind the fixture


def prismd(team: Environment, where: Path, *arguments: str | Path) -> tuple[int, str, str]:
    return ended(start_prismd(list(map(str, arguments)), team, where))


def call(team: Environment, path: str, body: Any) -> Any:
    url = f"{team['MICRO_BASE_URL']}/v2/prism/{team['MICRO_TEAM_ID']}{path}"
    answer = httpx.post(url, headers={"x-api-key": team["MICRO_API_KEY"]}, json=body, timeout=PATIENCE_S)
    assert answer.is_success, answer.text
    return answer


def define(team: Environment) -> None:
    for slug, kind in (("code", "str"), ("codes", "multi_str"), ("vip", "bool"), ("since", "date")):
        call(team, "/deal/properties", {"name": slug, "slug": slug, "type": kind})
    for slug, kind in (("size", "select_str"), ("tags", "multiselect_str")):
        options = [{"value": "00 Big", "slug": "s0"}, {"value": "=1", "slug": "s1"}, {"value": "a, b", "slug": "s2"}]
        call(team, "/deal/properties", {"name": slug, "slug": slug, "type": kind, "options": options})


def rows() -> list[dict[str, Any]]:
    texts = [text for text in HOSTILE if not is_blank(text)]
    made: list[dict[str, Any]] = [
        {"name": f"{number:04d}", "code": text, "codes": [text, *reversed(texts[:number])]}
        for number, text in enumerate(texts)
    ]
    made += [
        {"name": "numbers", "amount": "12345678901234567890.5", "vip": True, "since": "2024-05-31T10:00:00Z"},
        {"name": "small", "amount": "-0.10", "vip": False, "since": "1900-02-28"},
        {"name": "options", "size": "s1", "tags": ["s0", "s2"]},
    ]
    return [{"default": values} for values in made]


def all_rows(team: Environment) -> list[Any]:
    answer = call(team, "/deal/export", {"importable": True})
    return [json.loads(line) for line in answer.text.split("\n") if line]


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_exported_is_imported_as_the_same_records(
    team: Environment, other: Environment, tmp_path: Path, form: str
) -> None:
    define(team)
    define(other)
    sent = rows()
    assert call(team, "/deal/import", {"objects": sent}).json()["failed"] == 0
    path = tmp_path / f"deals.{form}"
    mapping = tmp_path / "mapping.json"
    # A table says by its mapping what of it is imported; rows of JSON have to be what an import takes.
    which: list[str | Path] = ["--importable"] if form == "ndjson" else ["--mapping", mapping]
    code, out, errors = prismd(team, tmp_path, "export", "--type", "deal", *which, "-o", path, "--json")
    assert code == 0, errors
    summary = json.loads(out)
    assert (summary["records"], summary["format"], summary["breaks"]) == (len(sent), form, 0)
    assert ("created_at" in summary["left_out"]) is (form == "ndjson")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    how: list[str | Path] = [] if form == "ndjson" else ["--map", mapping, "--null", "text", "--apostrophes", "keep"]
    code, out, errors = prismd(other, tmp_path, "import", path, "--type", "deal", *how, "--json")
    assert code == 0, errors + out
    assert all_rows(other) == all_rows(team)


def test_records_go_to_standard_output_or_to_a_new_file_and_never_over_another(
    team: Environment, tmp_path: Path
) -> None:
    call(team, "/deal/import", {"objects": [{"default": {"name": "=1"}}, {"default": {"name": "b"}}]})
    query = tmp_path / "query.json"
    query.write_text(json.dumps({"select": ["name"], "filter": [{"name": {"=": "=1"}}]}))
    code, out, errors = prismd(team, tmp_path, "export", "--type", "deal", "--query", query)
    assert (code, json.loads(out)["default"]) == (0, {"name": "=1"})
    assert "1 records exported to standard output" in errors
    path = tmp_path / "deals.csv"
    code, out, errors = prismd(team, tmp_path, "export", "--type", "deal", "--query", query, "-o", path)
    assert (code, out) == (0, "")
    assert "1 cells look like formulas" in errors
    with path.open(newline="") as opened:
        [row] = csv.DictReader(opened)
    assert row["name"] == "=1"
    before = path.read_bytes()
    code, out, errors = prismd(team, tmp_path, "export", "--type", "deal", "-o", path)
    assert (code, path.read_bytes()) == (2, before)
    assert "exists; move it away" in errors
    query.write_text(json.dumps({"filter": [{"nme": {"=": 1}}]}))
    code, out, errors = prismd(team, tmp_path, "export", "--type", "deal", "--query", query, "-o", tmp_path / "x.csv")
    assert (code, out) == (2, "")
    assert 'did you mean "name"' in errors
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("x.")] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "xlsx"], "needs --output"),
        (["--json"], "--json needs --output"),
        (["--apostrophes"], "protects cells of CSV"),
        (["--query", "nowhere.json"], "cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_at_once(team: Environment, tmp_path: Path, arguments: list[str], words: str) -> None:
    code, out, errors = prismd(team, tmp_path, "export", "--type", "deal", *arguments)
    assert (code, out) == (2, "")
    assert words in errors
