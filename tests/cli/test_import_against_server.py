"""The real command against a real server, with real files."""

from __future__ import annotations

import csv
import json
import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes import RunningServer, ended, eventually, start_prismd

DATA = Path(__file__).parents[3] / "shared" / "data"
LEGISLATORS, UNIVERSITIES = DATA / "legislators.csv", DATA / "universities.ndjson"

needs_data = pytest.mark.skipif(not LEGISLATORS.exists(), reason="the real files lie beside the project")

Environment = dict[str, str]


@pytest.fixture
def team(server: RunningServer, tmp_path: Path) -> Environment:
    """The environment of a fresh team of the server, as `prismd keys create` prints it."""
    key = start_prismd(["keys", "create", "--new-team"], {"PRISMD_DATABASE_URL": server.database_url}, tmp_path)
    code, out, errors = ended(key)
    assert code == 0, errors
    found = dict(re.findall(r"export (MICRO_\w+)=\"?'?([^\s'\"]+)", out))
    return {**found, "MICRO_BASE_URL": server.url, "XDG_STATE_HOME": str(tmp_path / "state")}


Import = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run(team: Environment, tmp_path: Path) -> Import:
    def run_import(*arguments: str | Path) -> tuple[int, Any, str]:
        process = start_prismd(["import", *map(str, arguments), "--json"], team, tmp_path)
        code, out, errors = ended(process)
        return code, json.loads(out) if out else None, errors

    return run_import


def count(team: Environment, object_type: str) -> int:
    path = f"/v2/prism/{team['MICRO_TEAM_ID']}/{object_type}/count"
    answer = httpx.get(team["MICRO_BASE_URL"] + path, headers={"x-api-key": team["MICRO_API_KEY"]})
    return int(answer.json()["total"])


def keyed(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


@needs_data
def test_universities_are_imported_and_known_again(run: Import, team: Environment, tmp_path: Path) -> None:
    domains = [json.loads(line)["default"].get("primary_domain", "") for line in UNIVERSITIES.read_text().splitlines()]
    keys = [keyed(domain) for domain in domains]
    distinct = len({key for key in keys if key}) + keys.count("")
    arguments = ["--type", "organization", "--dedupe-by", "primary_domain", "--failed", tmp_path / "failed.csv"]
    code, found, errors = run(UNIVERSITIES, *arguments)
    assert code == 0, errors
    assert (found["rows"], found["created"], found["existing"]) == (len(keys), distinct, len(keys) - distinct)
    assert count(team, "organization") == distinct
    code, found, _ = run(UNIVERSITIES, *arguments, "--batch-rows", "4000")
    assert code == 0
    assert (found["created"], found["existing"]) == (0, len(keys))
    assert len(found["job_ids"]) == 3


@needs_data
def test_headers_of_legislators_are_told_and_renamed_ones_imported(
    run: Import, team: Environment, tmp_path: Path
) -> None:
    code, found, errors = run(LEGISLATORS, "--type", "contact", "--failed", tmp_path / "failed.csv")
    assert code == 2
    assert found is None
    assert '"First Name" (did you mean "first_name"?)' in errors
    assert count(team, "contact") == 0

    header, rest = LEGISLATORS.read_text(encoding="utf-8").split("\n", 1)
    names = {"First Name": "first_name", "Last Name": "last_name", "Full Name": "full_name"}
    path = tmp_path / "legislators.csv"
    path.write_text(",".join(names.get(name, name) for name in header.split(",")) + "\n" + rest, encoding="utf-8")
    with path.open(newline="", encoding="utf-8") as file:
        keys = [keyed(row["full_name"]) for row in csv.DictReader(file)]
    distinct = len({key for key in keys if key}) + keys.count("")
    code, found, errors = run(path, "--type", "contact", "--dedupe-by", "full_name", "--ignore-unknown-columns")
    assert code == 0, errors
    assert (found["rows"], found["created"], found["existing"]) == (len(keys), distinct, len(keys) - distinct)
    assert count(team, "contact") == distinct


def test_blank_cells_erase_nothing_and_zeros_stay(run: Import, team: Environment, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfemail;title;city\r\na@x.org;007;Rome\r\n;;\r\n" + b";;\r\n" * 500)
    assert run(path, "--type", "contact", "--dedupe-by", "email")[1]["created"] == 1
    path.write_text("email,title,city\nA@x.org,,Paris\n")
    found = run(path, "--type", "contact", "--dedupe-by", "email", "--update-existing")[1]
    assert (found["rows"], found["updated"]) == (1, 1)
    address = f"{team['MICRO_BASE_URL']}/v2/prism/{team['MICRO_TEAM_ID']}/contact/by/email/a@x.org"
    record = httpx.get(address, headers={"x-api-key": team["MICRO_API_KEY"]}).json()
    assert record["default"]["title"] == "007"
    assert record["default"]["city"] == "Paris"


def test_a_dry_run_writes_nothing(run: Import, team: Environment, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("email\n" + "".join(f"{n}@x.org\n" for n in range(150)))
    code, found, errors = run(path, "--type", "contact", "--dedupe-by", "email", "--dry-run")
    assert (code, found and found["created"]) == (0, 150), errors
    assert count(team, "contact") == 0


def test_failed_rows_come_back_and_the_rest_is_in(run: Import, team: Environment, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    rows = ['{"email": "a@x.org"}', '{"no_such": 1}', '{"email": 7, "email": 8}', "[]", '{"email": "b@x.org"}']
    path.write_text("\n".join(rows * 40))
    code, found, _ = run(path, "--type", "contact")
    assert code == 1
    assert (found["created"], found["failed"]) == (80, 120)
    assert count(team, "contact") == 80
    with (tmp_path / "a.ndjson.failed.csv").open(newline="") as file:
        failed = list(csv.DictReader(file))
    assert [row["original"] for row in failed] == rows[1:4] * 40
    assert {row["code"] for row in failed} >= {"invalid_property", "invalid_row"}


def test_a_run_killed_in_the_middle_is_resumed_without_a_row_lost_or_doubled(
    run: Import, team: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    path.write_text("email\n" + "".join(f"{n}@x.org\n" for n in range(1_200)))
    arguments = [path, "--type", "contact", "--batch-rows", "150"]
    # No key to match by: a row sent twice under two keys would show as a record too many.
    process = start_prismd(["import", *map(str, arguments)], team, tmp_path)
    state = tmp_path / "state" / "prismd" / "imports"
    eventually(lambda: any(b'"batches_done":0' not in each.read_bytes() for each in state.glob("*.json")))
    os.kill(process.pid, 9)
    assert ended(process)[0] == -9
    code, found, errors = run(*arguments)
    assert code == 0, errors
    assert found["resumed"]
    assert "did not end" in errors
    assert found["created"] == 1_200
    assert count(team, "contact") == 1_200
    assert list(state.iterdir()) == []
