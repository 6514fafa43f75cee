"""Nothing is dropped unnamed: what was left out, what repeats, what folds, and what became of each row."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.scripted import Import
from tests.scripted_prism import Fault, ScriptedPrism

LINES = [
    "email,name,zip",
    "a@x.org,Ann,1",  # 1: matches what is there
    "b@x.org,Bob,2",  # 2: new
    "b@x.org,Bob,2",  # 3: says the same as row 2
    "b@x.org,Bobby,3",  # 4: says something else
    ",Cid,4",  # 5: no key
    "a@x.org,Ann,5",  # 6: something else than row 1
    "e@x.org,bad,6",  # 7: refused
    "email,name,zip",  # 8: the header again
    ",,",  # 9: nothing
    "d@x.org,Dan,7",  # 10: new
]
OUTCOMES = [
    "existing", "created", "repeated", "folded", "created", "folded", "failed", "left_out", "left_out", "created",
]  # fmt: skip


@pytest.fixture
def mixed(prism: ScriptedPrism, tmp_path: Path) -> Path:
    prism.records.append({"email": "a@x.org", "name": "Ann", "zip": "0"})
    path = tmp_path / "mixed.csv"
    path.write_text("\n".join(LINES) + "\n")
    return path


def results(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return [{name: value or None for name, value in row.items()} for row in csv.DictReader(file)]
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("batch_rows", ["100", "1", "3"])
@pytest.mark.parametrize("name", ["all.csv", "all.ndjson"])
def test_every_row_is_told_apart_whatever_batch_it_is_in(
    run: Import, mixed: Path, tmp_path: Path, name: str, batch_rows: str
) -> None:
    path = tmp_path / name
    result = run(mixed, "--dedupe-by", "email", "--results", str(path), "--json", "--batch-rows", batch_rows)
    found = json.loads(result.stdout)
    assert {word: found[word] for word in ("created", "existing", "repeated", "folded", "without_key", "failed")} == {
        "created": 3,
        "existing": 4,
        "repeated": 1,
        "folded": 2,
        "without_key": 1,
        "failed": 1,
    }
    assert found["repeated_rows"] == [{"row": 3, "duplicate_of": 2}]
    assert found["folded_rows"] == [{"row": 4, "duplicate_of": 2}, {"row": 6, "duplicate_of": 1}]
    assert found["without_key_rows"] == [5]
    assert found["left_out"] == [
        {"why": "repeats the header", "count": 1, "first_row": 8},
        {"why": "is empty", "count": 1, "first_row": 9},
    ]
    assert found["results_file"] == str(path)
    rows = results(path)
    assert [int(row["row"]) for row in rows] == list(range(1, 11))
    assert [row["outcome"] for row in rows] == OUTCOMES
    assert [row["matched_key"] for row in rows[:6]] == ["a@x.org", None, "b@x.org", "b@x.org", None, "a@x.org"]
    assert [row["duplicate_of"] and int(row["duplicate_of"]) for row in rows[2:6]] == [2, 2, None, 1]
    assert rows[1]["id"] == rows[2]["id"]
    assert "the values of this row were not written" in rows[3]["reason"]
    assert "no value for email" in rows[4]["reason"]
    assert rows[6]["code"] == "invalid_value"
    assert "repeats the header" in rows[7]["reason"]


def test_the_terminal_tells_them_apart_too(run: Import, mixed: Path) -> None:
    out = run(mixed, "--dedupe-by", "email").stdout
    assert "3 created, 1 of them without a value for email (first: row 5)" in out
    assert "1 existing, 0 of them updated" in out
    assert "1 repeat an earlier row of the file (row 3 that of row 2)" in out
    assert "2 have the key of an earlier row of the file but say something else (row 4 that of row 2, row 6" in out
    assert "1 row is left out, because it repeats the header (first: row 8)" in out


def test_rows_written_over_by_later_ones_are_folded_too(run: Import, mixed: Path) -> None:
    found = json.loads(run(mixed, "--dedupe-by", "email", "--update-existing", "--json").stdout)
    assert (found["folded"], found["updated"]) == (2, 3)


def test_rows_of_json_that_say_the_same_in_another_order_repeat(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text(
        '{"email": "a", "zip": "1"}\n{"zip": "1",  "email": "a", "name": ""}\n'
        '{"default": {"email": "a", "zip": "2"}}\n{"zip": "3"}\n{"email": ""}\n'
    )
    found = json.loads(run(path, "--dedupe-by", "email", "--json").stdout)
    assert (found["created"], found["repeated"], found["folded"], found["without_key"]) == (2, 1, 1, 1)
    assert found["left_out"] == [{"why": "is empty", "count": 1, "first_row": 5}]


def test_a_dry_run_tells_all_this_within_a_batch(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("email,zip\na,1\na,1\n")
    prism.records.append({"email": "a", "zip": "1"})
    found = json.loads(run(path, "--dedupe-by", "email", "--dry-run", "--json", "--results", f"{path}.ndjson").stdout)
    assert (found["existing"], found["repeated"]) == (2, 1)
    assert [row["outcome"] for row in results(Path(f"{path}.ndjson"))] == ["existing", "repeated"]


@pytest.mark.parametrize("name", ["all.csv", "all.jsonl"])
def test_a_resumed_import_has_every_result_once(run: Import, prism: ScriptedPrism, tmp_path: Path, name: str) -> None:
    path, output = tmp_path / "many.csv", tmp_path / name
    path.write_text("email\n" + "".join(f"{n % 25}@x.org\n" for n in range(50)))
    arguments = ["--dedupe-by", "email", "--batch-rows", "10", "--results", str(output)]
    prism.faults.extend([Fault(), Fault(), *[Fault(drop="after")] * 9])
    assert run(path, *arguments).exit_code == 2
    assert len(results(output)) == 20
    assert run(path, *arguments[:-2]).exit_code == 0, "the file of results is known from the first run"
    rows = results(output)
    assert [int(row["row"]) for row in rows] == list(range(1, 51))
    assert [row["outcome"] for row in rows] == ["created"] * 25 + ["repeated"] * 25
    assert not list((tmp_path / "state").rglob("*.seen"))


def test_results_that_a_stopped_import_did_not_keep_are_not_begun_in_the_middle(
    run: Import, prism: ScriptedPrism, people: Path, tmp_path: Path
) -> None:
    prism.faults.extend([Fault(drop="after")] * 9)
    assert run(people).exit_code == 2
    result = run(people, "--results", str(tmp_path / "all.csv"))
    assert result.exit_code == 2
    assert "began with no --results" in result.stderr
    assert not (tmp_path / "all.csv").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--results", "all.txt"], "--results: the name must end in .csv, .ndjson, .jsonl, found 'all.txt'"),
        (["--results", "no/such/all.csv"], "--results: there is no directory"),
        (["--results", "x.csv", "--failed", "x.csv"], "--failed and --results name the same file"),
    ],
)
def test_results_that_cannot_be_written_are_told_before_anything_is_sent(
    run: Import, prism: ScriptedPrism, people: Path, options: list[str], sentence: str
) -> None:
    result = run(people, *options)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert prism.imports == []


def test_results_are_no_formulas(run: Import, people: Path, tmp_path: Path) -> None:
    people.write_text("email\n=1+1\n=1+1\n")
    run(people, "--dedupe-by", "email", "--results", str(tmp_path / "all.csv"))
    assert results(tmp_path / "all.csv")[1]["matched_key"] == "'=1+1"


def test_columns_that_are_not_sent_are_named(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,shoe,\nAnn,41,\n")
    result = run(path, "--ignore-unknown-columns", "--json")
    assert json.loads(result.stdout)["ignored_columns"] == ["shoe", "column 3"]
    assert 'Not sent: 2 columns, "shoe", "column 3".' in run(path, "--ignore-unknown-columns").stdout
    path.write_text("name,\nAnn,\n")
    result = run(path, "--json")
    assert "Column 2 has no name and holds nothing; it is left out." in result.stderr
    assert json.loads(result.stdout)["ignored_columns"] == ["column 2"]
    path.write_text("name,\nAnn,x\n")
    assert run(path).exit_code == 2
    assert run(path, "--ignore-unknown-columns").exit_code == 0
    assert prism.records[-1] == {"name": "Ann"}


@pytest.mark.parametrize(
    ("cell", "options", "sentence"),
    [
        ('"a, b"', [], 'Column "tags": 1 cell (first: row 1, "a, b") with "," where the separator of values is ";"'),
        ('"a, b"', [], '--multi-separator "," splits them'),
        ("a|b", [], '--multi-separator "|" splits them'),
        ("a;b", ["--multi-separator", ","], '--multi-separator ";" splits them'),
        ('"[""a"",""b""]"', [], "--multi-separator json reads such cells as arrays"),
        ('"a, b"', ["--multi-separator", "json"], '--multi-separator "," splits them'),
    ],
)
def test_several_values_that_go_as_one_are_told_before_anything_is_sent(
    run: Import, tmp_path: Path, cell: str, options: list[str], sentence: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"name,tags\nAnn,{cell}\n")
    result = run(path, *options, "--json")
    assert sentence in result.stderr
    assert any(sentence in note for note in json.loads(result.stdout)["notes"])


@pytest.mark.parametrize("cell", ["a;b", "a; b, c", "a", "[a"])
def test_several_values_that_are_fine_are_not_spoken_of(run: Import, tmp_path: Path, cell: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'name,tags\n"Ann, B","{cell}"\n')
    assert run(path).stderr == ""


def test_arrays_of_json_in_cells_are_read_when_asked_for(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('name,tags\nAnn,"[""a;b"", ""c""]"\n')
    assert run(path, "--multi-separator", "json").exit_code == 0
    assert prism.records == [{"name": "Ann", "tags": ["a;b", "c"]}]


def test_formulas_of_spreadsheets_are_told(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('name,zip\nAnn,"=""00501"""\n')
    assert 'Column "zip": 1 cell (first: row 1, "="00501"") with a formula' in run(path).stderr


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name\na;b\nc\n", 'The header has one column: 1 cell (first: row 1, "a;b") with a sign'),
        ("name\na\tb\n", "The header has one column"),
        ("name,zip\n'Ann','1'\nO'Neill,2\n", "In apostrophes: 1 row (first: row 1, \"'Ann','1'\"), sent"),
    ],
)
def test_other_ways_to_write_cells_are_told(run: Import, tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert sentence in run(path).stderr


def test_cells_of_one_column_with_several_values_are_not_spoken_of(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("tags\na;b\n")
    assert run(path).stderr == ""


def test_a_file_of_one_column_that_repeats_its_header_makes_no_record_of_it(
    run: Import, prism: ScriptedPrism, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfname\r\nAnn\r\n\xef\xbb\xbfname\r\nBob\r\n\xef\xbb\xbfNAME\r\n")
    found = json.loads(run(path, "--json").stdout)
    assert [record["name"] for record in prism.records] == ["Ann", "Bob"]
    assert (found["rows"], found["left_out"][0]["count"]) == (2, 2)


def test_two_joined_files_of_failed_rows_are_one(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("row,line,code,reason,name\n1,2,x,y,'-A\n\ufeffrow,line,code,reason,name\n3,4,x,y,'+B\n")
    assert run(path).exit_code == 0
    assert [record["name"] for record in prism.records] == ["-A", "+B"]


def test_blank_texts_of_json_neither_wipe_nor_refuse(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    prism.records.append({"email": "a", "name": "Ann", "zip": "1"})
    path = tmp_path / "a.json"
    path.write_text('[{"email": "a", "name": "", "zip": null}]')
    arguments = ["--dedupe-by", "email", "--update-existing"]
    assert run(path, *arguments, "--null", "keep", "--dry-run").stderr == ""
    run(path, *arguments, "--null", "keep")
    assert prism.records == [{"email": "a", "name": "Ann", "zip": "1"}]
    result = run(path, *arguments)
    assert '1 row has null (first: row 1, "zip"), which clears' in result.stderr
    assert prism.records == [{"email": "a", "name": "Ann", "zip": None}]


def test_a_read_only_column_is_refused_with_the_file(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    prism.read_only.add("first_name")
    path = tmp_path / "a.csv"
    path.write_text("name,first_name\nAnn,x\n")
    result = run(path)
    assert result.exit_code == 2
    assert '1 column is read only, set by the server alone: "first_name"; delete' in result.stderr
    assert prism.imports == []
    assert run(path, "--ignore-unknown-columns").exit_code == 0
    assert prism.records == [{"name": "Ann"}]
    path = tmp_path / "a.ndjson"
    path.write_text('{"name": "A", "first_name": "x"}\n{"default": {"first_name": "y"}}\n')
    result = run(path)
    assert (result.exit_code, 'every row sets "first_name"' in result.stderr) == (2, True)
    path.write_text('{"name": "A", "first_name": "x"}\n{"name": "B"}\n')
    assert run(path).exit_code == 0, "a row of its own fails alone"


@pytest.mark.parametrize("options", [["--dry-run"], []])
def test_unknown_options_name_what_makes_them(run: Import, tmp_path: Path, options: list[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,zip\nAnn,bad1\nBob,bad2\n")
    result = run(path, *options)
    assert "become options with --create-missing-options" in result.stdout
    assert (
        '2 x invalid_option: `zip` must be one of its options, not the text "…"; did you mean "00500"?' in result.stdout
    )
    assert "become options with" not in run(path, *options, "--create-missing-options").stdout


def test_an_import_that_another_version_began_is_not_begun_anew(
    run: Import, prism: ScriptedPrism, people: Path, tmp_path: Path
) -> None:
    prism.faults.extend([Fault(drop="before")] * 9)
    assert run(people).exit_code == 2
    [journal] = (tmp_path / "state").rglob("*.json")
    journal.write_text(journal.read_text().replace('"format":3', '"format":2'))
    result = run(people)
    assert (result.exit_code, "another version of prismd began" in result.stderr) == (2, True)
    assert str(journal) in result.stderr
