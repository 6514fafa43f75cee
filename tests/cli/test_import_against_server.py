"""The real command against a real server, with real files."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from demo import people
from tests.processes import RunningServer, ended, eventually, start_prismd
from tests.real_places import AIRPORTS_CSV, SUBDIVISIONS_JSON, airports, expected_by_one_value, only_member

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


def record(team: Environment, object_type: str, slug: str, value: str) -> dict[str, Any]:
    path = f"/v2/prism/{team['MICRO_TEAM_ID']}/{object_type}/by/{slug}/{quote(value, safe='')}"
    answer = httpx.get(team["MICRO_BASE_URL"] + path, headers={"x-api-key": team["MICRO_API_KEY"]})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["default"])


def test_airports_are_imported_and_known_again(run: Import, team: Environment, tmp_path: Path) -> None:
    code, found, errors = run(AIRPORTS_CSV, "--type", "organization")
    assert (code, found) == (3, None)
    assert 'Column "icao"' in errors
    assert count(team, "organization") == 0

    path = tmp_path / "airports.csv"
    header, rest = AIRPORTS_CSV.read_text(encoding="utf-8").split("\n", 1)
    path.write_text(header.replace("icao", "source_record_id") + "\n" + rest, encoding="utf-8")
    arguments = [path, "--type", "organization", "--dedupe-by", "city", "--ignore-unknown-columns"]
    created, existing = expected_by_one_value(airport["city"] for airport in airports())
    code, found, errors = run(*arguments)
    assert code == 0, errors
    assert (found["rows"], found["created"], found["existing"]) == (len(airports()), created, existing)
    assert count(team, "organization") == created
    first = airports()[0]
    kept = record(team, "organization", "source_record_id", first["icao"])
    assert (kept["name"], kept["city"]) == (first["name"], first["city"])


def test_names_of_all_alphabets_are_imported_from_json_and_known_again(
    run: Import, team: Environment, tmp_path: Path
) -> None:
    code, found, errors = run(SUBDIVISIONS_JSON, "--type", "organization")
    assert (code, found) == (2, None)
    assert 'expected a JSON array of rows, or an object with "objects"' in errors

    names = [one["name"] for one in only_member(SUBDIVISIONS_JSON)]
    path = tmp_path / "subdivisions.json"
    path.write_text(json.dumps({"objects": [{"default": {"name": name}} for name in names]}), encoding="utf-8")
    arguments = [path, "--type", "organization", "--dedupe-by", "name"]
    created, existing = expected_by_one_value(names)
    code, found, errors = run(*arguments)
    assert code == 0, errors
    assert (found["created"], found["existing"]) == (created, existing)
    code, found, _ = run(*arguments, "--batch-rows", "2000")
    assert (code, found["created"], found["existing"]) == (0, 0, len(names))
    assert len(found["job_ids"]) == 3
    unusual = max(names, key=lambda name: sum(not sign.isascii() for sign in name))
    assert record(team, "organization", "name", unusual)["name"] == unusual


def test_a_file_made_by_seed_gives_what_it_was_made_to_give(run: Import, team: Environment, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    planted = people.write(path, 3_000, seed=11, seniorities=[])
    planted_outcomes = people.expected(planted)
    failed = tmp_path / "failed.csv"
    code, found, errors = run(
        path, "--type", "contact", "--dedupe-by", "email", "--ignore-unknown-columns", "--failed", failed
    )
    assert code == 1, errors
    assert {outcome: found[outcome] for outcome in planted_outcomes} == planted_outcomes
    assert count(team, "contact") == planted_outcomes["created"]
    with failed.open(encoding="utf-8-sig", newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) == planted_outcomes["failed"]


def test_universities_are_imported_and_known_again(
    run: Import, team: Environment, tmp_path: Path, shared_data: Path
) -> None:
    path = shared_data / "universities.ndjson"
    domains = [json.loads(line)["default"].get("primary_domain", "") for line in path.read_text().splitlines()]
    created, existing = expected_by_one_value(domains)
    arguments = ["--type", "organization", "--dedupe-by", "primary_domain", "--failed", tmp_path / "failed.csv"]
    code, found, errors = run(path, *arguments)
    assert code == 0, errors
    assert (found["rows"], found["created"], found["existing"]) == (len(domains), created, existing)
    assert count(team, "organization") == created
    code, found, _ = run(path, *arguments, "--batch-rows", "4000")
    assert (code, found["created"], found["existing"]) == (0, 0, len(domains))
    assert len(found["job_ids"]) == 3


def test_headers_of_legislators_can_be_renamed_to_slugs(
    run: Import, team: Environment, tmp_path: Path, shared_data: Path
) -> None:
    legislators = shared_data / "legislators.csv"
    header, rest = legislators.read_text(encoding="utf-8").split("\n", 1)
    names = {"First Name": "first_name", "Last Name": "last_name", "Full Name": "full_name"}
    path = tmp_path / "legislators.csv"
    path.write_text(",".join(names.get(name, name) for name in header.split(",")) + "\n" + rest, encoding="utf-8")
    with path.open(newline="", encoding="utf-8") as file:
        created, existing = expected_by_one_value(row["full_name"] for row in csv.DictReader(file))
    code, found, errors = run(path, "--type", "contact", "--dedupe-by", "full_name", "--ignore-unknown-columns")
    assert code == 0, errors
    assert (found["rows"], found["created"], found["existing"]) == (created + existing, created, existing)
    assert count(team, "contact") == created


def test_blank_cells_erase_nothing_and_zeros_stay(run: Import, team: Environment, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfemail;title;city\r\na@x.org;007;Rome\r\n;;\r\n" + b";;\r\n" * 500)
    assert run(path, "--type", "contact", "--dedupe-by", "email")[1]["created"] == 1
    path.write_text("email,title,city\nA@x.org,,Paris\n")
    found = run(path, "--type", "contact", "--dedupe-by", "email", "--update-existing")[1]
    assert (found["rows"], found["updated"]) == (1, 1)
    kept = record(team, "contact", "email", "a@x.org")
    assert (kept["title"], kept["city"]) == ("007", "Paris")


def test_a_dry_run_writes_nothing(run: Import, team: Environment, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("email\n" + "".join(f"{n}@x.org\n" for n in range(150)))
    code, found, errors = run(path, "--type", "contact", "--dedupe-by", "email", "--dry-run")
    assert (code, found and found["created"]) == (0, 150), errors
    assert count(team, "contact") == 0


@pytest.mark.parametrize("dry_run", [False, True])
def test_contacts_made_for_addresses_are_counted_and_named(
    run: Import, team: Environment, tmp_path: Path, *, dry_run: bool
) -> None:
    path, results = tmp_path / "a.ndjson", tmp_path / "all.csv"
    rows = [["a@x.org", "b@x.org"], ["a@x.org"], [], ["no address"]]
    path.write_text("".join(json.dumps({"last_name": "Byron", "email_addresses": row}) + "\n" for row in rows))
    more = ["--dry-run"] if dry_run else []
    _, found, errors = run(path, "--type", "identity", "--results", results, *more)
    assert (found["created"], found["failed"], found["contacts_created"]) == (3, 1, 2), errors
    with results.open(newline="") as file:
        assert [row["contacts_created"] for row in csv.DictReader(file)] == ["a@x.org b@x.org", "", "", ""]
    assert count(team, "contact") == (0 if dry_run else 2)


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


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Rows without a key to match by, so that a row sent twice under two keys would show as a record too many."""
    path = tmp_path / "many.csv"
    rows = (f"{n}@x.org,{'no date' if n % 1_000 == 0 else '2024-02-29'}\n" for n in range(6_000))
    path.write_text("email,first_interaction_date\n" + "".join(rows))
    return path


def _outcomes(path: Path) -> list[tuple[int, str]]:
    with path.open(newline="") as file:
        return [(int(row["row"]), row["outcome"]) for row in csv.DictReader(file)]


_EXPECTED = [(n + 1, "failed" if n % 1_000 == 0 else "created") for n in range(6_000)]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_ended_again_and_again_between_overlapping_requests_is_whole_at_last(
    run: Import, team: Environment, many: Path, tmp_path: Path, number: signal.Signals
) -> None:
    results, failed = tmp_path / "all.csv", tmp_path / "failed.csv"
    arguments = [many, "--type", "contact", "--batch-rows", "400", "--results", results, "--failed", failed]
    state = tmp_path / "state" / "prismd" / "imports"
    done = 0
    for _ in range(4):
        process = start_prismd(["import", *map(str, arguments)], team, tmp_path)
        eventually(lambda known=done: _done(state) > known)  # type: ignore[misc] # a default that binds
        os.kill(process.pid, number)
        code, _, errors = ended(process)
        assert code == (130 if number is signal.SIGINT else -number), errors
        done = _done(state)
    assert 0 < done < 15, "each time it was ended in the middle"
    code, found, errors = run(*arguments)
    assert code == 1, errors
    assert (found["created"], found["failed"], found["resumed"]) == (5_994, 6, True)
    assert count(team, "contact") == 5_994
    assert _outcomes(results) == _EXPECTED
    with failed.open(newline="") as file:
        assert [int(row["row"]) for row in csv.DictReader(file)] == [n + 1 for n in range(0, 6_000, 1_000)]
    assert list(state.iterdir()) == []


def _done(state: Path) -> int:
    """The number of batches that a journal knows to be done."""
    for path in state.glob("*.json"):
        with contextlib.suppress(FileNotFoundError):
            return int(json.loads(path.read_bytes())["batches_done"])
    return 0
