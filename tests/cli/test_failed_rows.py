"""The file of failed rows is its owner's work: never lost, never read as what it is not, harmless in spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.cli.importing.failed_rows import FailedRows
from prismd.files.csv_rows import read_header
from prismd.files.failed_cells import escaped, unescaped
from prismd.files.rows import FileRow
from prismd.importer.imports import Problem
from prismd.importer.journal import Growth
from tests.cli.scripted import Import
from tests.scripted_prism import Fault, ScriptedPrism

SIGNS = "=+-@\t\r"
cells = st.text("'\"=+-@\t\r\n;,| x\u00a0", max_size=6) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)


def failed_file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv.failed.csv"


@given(st.lists(st.lists(cells, min_size=2, max_size=2).filter(any), min_size=1, max_size=4), st.booleans())
@example([["x;=1+1", "a,-b"], ["'+49", '";"=1'], ["\t=", " =1"]], True)  # noqa: FBT003 - drawn by Hypothesis
def test_failed_rows_are_read_back_as_they_were_also_from_a_spreadsheet(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[list[str]],
    saved_again: bool,  # noqa: FBT001 - drawn by Hypothesis
) -> None:
    path = tmp_path_factory.mktemp("failed") / "failed.csv"
    file = FailedRows(Growth(str(path)), ["name", "=note"], finds_name=False)
    for number, row in enumerate(table, start=1):
        file.write(FileRow(number, number + 1, tuple(row), None), [Problem("invalid_value", "=no"), Problem("x", "y")])
    file.announce()
    file.settle()
    file.close()
    data = path.read_bytes()
    if saved_again:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL).writerows(
            csv.reader(io.StringIO(data.decode(), newline=""))
        )
        data = b"\xef\xbb\xbf" + text.getvalue().encode()
    source = read_header(iter([data]), "utf-8", None)
    assert source.columns == ("name", "=note")
    assert [list(row.original) for row in source.rows(iter([data]))] == table


@given(cells)
@example("x;=1+1")
@example("=1;\t@x|+2,-3")
@example('";"=cmd')
def test_no_part_of_a_cell_is_a_formula_wherever_a_spreadsheet_cuts_it(cell: str) -> None:
    found = escaped(cell)
    assert unescaped(found) == cell
    for part in re.split(r"[;,|\t\r\n]", found):
        assert not part.lstrip(' \u00a0"').startswith(tuple("=+-@"))


@pytest.mark.parametrize(
    ("cell", "shown"), [("x;=1", "x;'=1"), ("a, -b", "a, '-b"), ('x;"=1', "x;\"'=1"), ("x;'@", "x;''@")]
)
def test_a_formula_after_a_delimiter_gets_an_apostrophe(cell: str, shown: str) -> None:
    assert escaped(cell) == shown


def test_every_problem_of_a_row_is_told(run: Import, prism: ScriptedPrism, people: Path, tmp_path: Path) -> None:
    people.write_text("name,zip\nbad,bad1\nbad,1\n")
    result = run(people, "--json")
    with failed_file(tmp_path).open(newline="") as file:
        first, second = csv.DictReader(file)
    assert first["code"] == "invalid_value"
    assert (
        'found "bad"; `zip` must be one of its options, not the text "bad1"; did you mean "00500"?' in first["reason"]
    )
    assert "zip" not in second["reason"]
    reasons = {reason["code"]: reason for reason in json.loads(result.stdout)["reasons"]}
    assert (reasons["invalid_value"]["count"], reasons["invalid_option"]["count"]) == (2, 1)
    prism.tells_all = False
    assert run(people, "--json").exit_code == 1


@pytest.mark.parametrize("options", [["--dry-run"], []])
def test_a_mended_file_is_never_touched_by_another_run(
    run: Import, people: Path, tmp_path: Path, options: list[str]
) -> None:
    run(people)
    mended = failed_file(tmp_path).read_text().replace("bad =1+1,", "good,")
    failed_file(tmp_path).write_text(mended)
    found = json.loads(run(people, "--json", *options).stdout)
    assert failed_file(tmp_path).read_text() == mended
    assert found["failed_file"] == str(tmp_path / "people.csv.failed-2.csv")
    assert "bad =1+1" in Path(found["failed_file"]).read_text()
    people.write_text("name\nAnn\n")
    assert json.loads(run(people, "--json").stdout)["failed_file"] is None
    assert failed_file(tmp_path).read_text() == mended


def test_a_given_name_that_is_taken_is_refused_before_anything_is_sent(
    run: Import, prism: ScriptedPrism, people: Path, tmp_path: Path
) -> None:
    for flag in ("--failed", "--results"):
        path = tmp_path / "mine.csv"
        path.write_text("row,line,code,reason,name\n1,2,x,y,Mended\n")
        result = run(people, flag, str(path))
        assert result.exit_code == 2
        assert result.stderr == f"prismd import: {path} exists; move it away, or give another name with {flag}\n"
        assert path.read_text().endswith("Mended\n")
    assert prism.imports == []
    assert not list((tmp_path / "state").rglob("*.json"))


@pytest.mark.parametrize("dangling", [True, False])
def test_a_link_in_its_place_is_not_followed(
    run: Import,
    people: Path,
    tmp_path: Path,
    dangling: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    other = tmp_path / "other.csv"
    if not dangling:
        other.write_text("mine\n")
    failed_file(tmp_path).symlink_to(other)
    found = json.loads(run(people, "--json").stdout)
    assert found["failed_file"] == str(tmp_path / "people.csv.failed-2.csv")
    assert other.exists() is not dangling
    assert dangling or other.read_text() == "mine\n"


def test_what_is_written_is_for_its_owner_alone(run: Import, people: Path, tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        run(people, "--results", str(tmp_path / "all.csv"))
    finally:
        os.umask(mask)
    for path in (failed_file(tmp_path), tmp_path / "all.csv"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def many(tmp_path: Path) -> Path:
    path = tmp_path / "many.csv"
    path.write_text("name\n" + "".join(f"bad{n}\n" for n in range(30)))
    return path


def rows_in(path: Path) -> list[str]:
    with path.open(newline="") as file:
        return [row["row"] for row in csv.DictReader(file)]


def stopped(run: Import, prism: ScriptedPrism, tmp_path: Path) -> Path:
    """A file of failed rows of an import that was cut off after two of three batches."""
    prism.faults.extend([Fault(), Fault(), *[Fault(drop="before")] * 9])
    assert run(many(tmp_path), "--batch-rows", "10").exit_code == 2
    failed = tmp_path / "many.csv.failed.csv"
    assert len(rows_in(failed)) == 20
    return failed


def test_a_resumed_import_goes_on_with_its_file(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    failed = stopped(run, prism, tmp_path)
    failed.chmod(0o644)
    assert run(tmp_path / "many.csv", "--batch-rows", "10").exit_code == 1
    assert rows_in(failed) == [str(number) for number in range(1, 31)]
    assert stat.S_IMODE(failed.stat().st_mode) == 0o600


@pytest.mark.parametrize("change", ["mended", "longer", "shorter", "gone", "link"])
def test_a_file_that_was_mended_meanwhile_is_left_alone(
    run: Import, prism: ScriptedPrism, tmp_path: Path, change: str
) -> None:
    failed = stopped(run, prism, tmp_path)
    text = failed.read_text()
    if change == "link":
        failed.rename(tmp_path / "moved.csv")
        failed.symlink_to(tmp_path / "moved.csv")
    elif change == "gone":
        failed.unlink()
    else:
        text = {"mended": text.replace("bad7", "ok_7"), "longer": text + "x\n", "shorter": text[:-8]}[change]
        failed.write_text(text)
    result = run(tmp_path / "many.csv", "--batch-rows", "10", "--json")
    assert "which has been changed since; it is left alone" in result.stderr
    found = json.loads(result.stdout)
    if change == "gone":
        assert rows_in(failed) == [str(number) for number in range(21, 31)]
        return
    assert failed.read_text() == text
    second = tmp_path / "many.csv.failed-2.csv"
    assert found["failed_files"] == [str(failed), str(second)]
    assert rows_in(second) == [str(number) for number in range(21, 31)]


def test_a_batch_that_was_written_and_not_settled_is_written_once(
    run: Import, prism: ScriptedPrism, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FailedRows.settle

    def written_and_killed(self: FailedRows) -> None:
        real(self)
        raise KeyboardInterrupt

    path = many(tmp_path)
    monkeypatch.setattr(FailedRows, "settle", written_and_killed)
    assert run(path).exit_code == 130
    failed = tmp_path / "many.csv.failed.csv"
    assert len(rows_in(failed)) == 30
    monkeypatch.setattr(FailedRows, "settle", real)
    found = json.loads(run(path, "--json").stdout)
    assert (found["failed"], found["failed_file"]) == (30, str(failed))
    assert len(rows_in(failed)) == 30
    assert len(prism.imports) == 2


def test_half_of_a_batch_is_taken_back_when_writing_fails(
    run: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def full(fd: int, data: bytes) -> int:
        if len(data) > 40 and b"bad2" in bytes(data):
            real(fd, bytes(data)[:40])
            raise OSError(28, "No space left on device")
        return real(fd, data)

    monkeypatch.setattr(os, "write", full)
    path = many(tmp_path)
    result = run(path, "--batch-rows", "10")
    assert result.exit_code == 2
    assert "many.csv.failed.csv cannot be used: No space left on device" in result.stderr
    monkeypatch.setattr(os, "write", real)
    assert "left alone" not in run(path, "--batch-rows", "10").stderr
    assert rows_in(tmp_path / "many.csv.failed.csv") == [str(number) for number in range(1, 31)]


PROTECTED = "row,line,code,reason,name,zip\n7,8,invalid_value,no,'-Ann,'+49 30\n"


def without(column: str) -> str:
    rows = list(csv.DictReader(io.StringIO(PROTECTED)))
    text = io.StringIO(newline="")
    names = [name for name in rows[0] if name not in column.split()]
    writer = csv.DictWriter(text, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize(
    "lost", ["row", "line", "code", "reason", "row line", "code reason", "line code reason", "row line code reason"]
)
@pytest.mark.parametrize("options", [[], ["--ignore-unknown-columns"]])
def test_a_file_that_lost_a_column_is_never_read_with_its_apostrophes(
    run: Import, prism: ScriptedPrism, tmp_path: Path, lost: str, options: list[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(without(lost))
    assert run(path, *options).exit_code in (2, 3)
    assert prism.imports == []
    assert run(path, "--apostrophes", "strip", "--ignore-unknown-columns").exit_code in (0, 2)
    assert prism.records in ([], [{"name": "-Ann", "zip": "+49 30"}])


def test_columns_in_another_order_and_columns_without_rows_are_recognised(
    run: Import, prism: ScriptedPrism, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,reason,row,zip,line,code\n'-Ann,no,7,'+49 30,8,x\n")
    assert run(path).exit_code == 0
    assert prism.records == [{"name": "-Ann", "zip": "+49 30"}]
    path.write_text("row,line,code,reason\n1,2,x,y\n")
    result = run(path)
    assert (result.exit_code, "has lost the columns of its rows" in result.stderr) == (2, True)


def test_apostrophes_of_other_files_are_asked_about(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name\n'-Ann\nO'Neill\n'tis\n")
    result = run(path)
    assert result.exit_code == 2
    assert "--apostrophes strip" in result.stderr
    assert run(path, "--apostrophes", "keep").exit_code == 0
    assert [record["name"] for record in prism.records] == ["'-Ann", "O'Neill", "'tis"]


def test_a_row_with_broken_quotes_fails_again_until_it_is_mended(
    run: Import, prism: ScriptedPrism, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text('email,name,zip\na@b.c,"Doe, Jane\n')
    assert run(path).exit_code == 1
    failed = tmp_path / "a.csv.failed.csv"
    assert run(failed).exit_code == 1
    assert prism.records == []
    lines = list(csv.reader(io.StringIO(failed.read_text(), newline="")))
    lines[1][4:] = ["a@b.c", "Doe, Jane", ""]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    failed.write_text(text.getvalue())
    assert run(failed).exit_code == 0
    assert prism.records == [{"email": "a@b.c", "name": "Doe, Jane"}]
