"""`prismd imports failed-rows` and `fix` against a real server: the rows of a repaired file run, and no others."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_export import call, define, prismd
from tests.cli.test_import_against_server import Environment, team
from tests.processes import eventually

__all__ = ["team"]

Rows = list[dict[str, str]]


@pytest.fixture
def job(team: Environment, tmp_path: Path) -> str:
    """An import of deals of which four rows failed."""
    define(team)
    rows: list[Any] = [{"default": {"name": f"Deal {at}"}} for at in range(120)]
    rows[7] = {"default": {"name": "=7", "code": "007", "amount": "1,50", "codes": ["a", "b"]}}
    rows[8] = {"default": {"name": "Eight", "amount": 12345678901234567890, "size": "huge"}}
    rows[9] = {"default": {"name": "Nine", "size": "huge", "vip": "maybe"}}
    rows[110] = {"default": {"name": "Last", "since": "31.12.2024"}}
    job = str(call(team, "/deal/import", {"objects": rows}).json()["job_id"])
    eventually(lambda: shown(team, tmp_path, job)["status"] != "processing")
    return job


def shown(team: Environment, where: Path, job: str) -> dict[str, Any]:
    code, out, errors = prismd(team, where, "imports", "show", job, "--json")
    assert code == 0, errors
    return dict(json.loads(out))


@pytest.fixture
def table(team: Environment, tmp_path: Path, job: str) -> Rows:
    path = tmp_path / "failed.csv"
    code, _, errors = prismd(team, tmp_path, "imports", "failed-rows", job, "-o", path)
    assert code == 0, errors
    with path.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def save(path: Path, rows: Rows, columns: list[str], **how: Any) -> Path:
    with path.open("w", newline="", encoding=how.pop("encoding", "utf-8")) as opened:
        writer = csv.DictWriter(opened, columns, extrasaction="ignore", **how)
        writer.writeheader()
        writer.writerows(rows)
    return path


def deals(team: Environment) -> dict[str, Any]:
    answer = call(team, "/deal/export", {"importable": True})
    rows = [json.loads(line)["default"] for line in answer.text.split("\n") if line]
    return {row["name"]: row for row in rows}


def test_failed_rows_have_their_values_problems_and_tokens(table: Rows, job: str) -> None:
    assert [row["row_token"] for row in table] == [f"{job}.{index}" for index in (7, 8, 9, 110)]
    first, second, third, last = table
    assert (first["name"], first["code"], first["codes"]) == ("'=7", "007", '["a","b"]')
    assert "amount" in first["amount problem"]
    assert (second["amount"], second["size"]) == ("12345678901234567890", "huge")
    assert second["size problem"] == second["problems"]
    assert third["size problem"] in third["problems"]
    assert third["vip problem"] in third["problems"]
    assert (first["size problem"], last["vip problem"]) == ("", "")


def test_a_repaired_file_runs_its_rows_alone_however_it_was_saved(
    team: Environment, tmp_path: Path, table: Rows, job: str
) -> None:
    first, second, third, _ = table
    first["amount"], second["size"], third["size"], third["vip"] = "1.50", "00 Big", "=1", "true"
    # Saved by a spreadsheet: other signs, a mark, columns moved, one lost, a row deleted, the order changed.
    columns = ["vip", "size", "amount", "name", "size problem", "row_token", "codes"]
    path = save(tmp_path / "fixed.csv", [third, first, second], columns, delimiter=";", encoding="utf-8-sig")
    code, out, errors = prismd(team, tmp_path, "imports", "fix", path, "--json")
    assert code == 0, errors + out
    child = json.loads(out)
    assert (child["parent_job_id"], child["total"], child["created"]) == (job, 3, 3)
    found = deals(team)
    assert found["=7"] == {"name": "=7", "code": "007", "amount": 1.5, "codes": ["a", "b"]}
    assert found["Eight"] == {"name": "Eight", "amount": 12345678901234567890, "size": "00 Big"}
    assert found["Nine"] == {"name": "Nine", "size": "=1", "vip": True}
    assert "Last" not in found
    assert shown(team, tmp_path, job)["failed"] == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.append(dict(rows[0])), "the same row_token"),
        (lambda rows: rows.append({"name": "New"}), "1 rows have no row_token"),
        (lambda rows: rows[0].update(row_token="7"), "is no row_token"),
        (lambda rows: rows[0].update(row_token=rows[0]["row_token"][:-1] + "6"), "rows 6 did not fail"),
        (lambda rows: rows[0].update(row_token="018f0000-0000-7000-8000-00000000aaaa.7"), "is of the import"),
    ],
)
def test_what_is_in_doubt_is_refused_and_nothing_runs(
    team: Environment, tmp_path: Path, table: Rows, change: Callable[[Rows], object], words: str
) -> None:
    columns = list(table[0])
    change(table)
    before = deals(team)
    path = save(tmp_path / "fixed.csv", table, columns)
    code, out, errors = prismd(team, tmp_path, "imports", "fix", path)
    assert (code, out) == (2, ""), errors
    assert words in errors
    assert deals(team) == before


def test_renamed_and_missing_columns_are_named(team: Environment, tmp_path: Path, table: Rows) -> None:
    renamed = [{("nmae" if name == "name" else name): cell for name, cell in row.items()} for row in table]
    code, _, errors = prismd(team, tmp_path, "imports", "fix", save(tmp_path / "a.csv", renamed, list(renamed[0])))
    assert (code, 'did you mean "name"' in errors) == (2, True), errors
    code, _, errors = prismd(team, tmp_path, "imports", "fix", save(tmp_path / "b.csv", table, ["name", "size"]))
    assert (code, "has no column row_token" in errors) == (2, True), errors


def test_rows_that_somebody_added_are_left_out_by_choice_and_named(
    team: Environment, tmp_path: Path, table: Rows
) -> None:
    table[0]["amount"] = "1.50"
    path = save(tmp_path / "fixed.csv", [table[0], {"name": "New"}], list(table[0]))
    code, _, errors = prismd(team, tmp_path, "imports", "fix", path, "--added", "leave-out")
    assert code == 0, errors
    assert "1 rows (2)" in errors
    assert "New" not in deals(team)


def test_one_decision_mends_the_rows_of_a_cause(team: Environment, tmp_path: Path, job: str) -> None:
    code, out, errors = prismd(team, tmp_path, "imports", "problems", job, "--json")
    assert code == 1, errors
    groups = {(one["property"], one["pattern"]): one["count"] for one in json.loads(out)["groups"]}
    assert groups["size", "huge"] == 2
    decision = ["--property", "size", "--pattern", "huge", "--value", "00 Big"]
    code, out, errors = prismd(team, tmp_path, "imports", "decide", job, *decision, "--json")
    assert code == 1, errors
    child = json.loads(out)
    assert (child["parent_job_id"], child["total"], child["created"], child["failed"]) == (job, 2, 1, 1)
    assert deals(team)["Eight"] == {"name": "Eight", "amount": 12345678901234567890, "size": "00 Big"}
    code, _, errors = prismd(team, tmp_path, "imports", "decide", job, "--property", "size")
    assert (code, "give one of" in errors) == (2, True)
    code, out, _ = prismd(team, tmp_path, "imports", "problems", job)
    assert code == 1
    assert 'invalid_option size "huge"' in out
