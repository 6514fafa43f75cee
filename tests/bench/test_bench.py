"""The benchmark runs: small, without other programs, on the database that the other tests use."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import file_imports, people, places, rivals, sparse
from bench.figures import Figure, Peer, Target, write_page
from bench.peers.peer import Loaded, UnusableError
from bench.peers.peer import Peer as Program

QUICK = [
    "--runs",
    "1",
    "--requests",
    "8",
    "--records",
    "400",
    "--sizes",
    "200,100",
    "--rows",
    "200",
    "--standing",
    "300",
]


class Slow(Program):
    name, less, home, distinct = "Slow", "says nothing", "slow", True

    def install(self) -> None:
        """There is nothing to install."""

    def load(self, rows: Sequence[people.Contact]) -> Loaded:
        return Loaded(1000, len(rows))


class Absent(Slow):
    name, home = "Absent", "absent"

    def install(self) -> None:
        raise UnusableError("it cannot be had")


def test_all_parts_are_measured_and_kept(
    make_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PLACE", tmp_path)
    monkeypatch.setattr(rivals, "PEERS", (Slow, Absent))

    parts = ["--only", "imports,answers,standing,records,peers,memory"]

    assert bench.main([*QUICK, *parts, "--database-url", make_database()]) == 0

    [written] = tmp_path.glob("*.json")
    kept = json.loads(written.read_text())
    assert kept["failed"] == []
    names = [figure["name"] for figure in kept["figures"]]
    for part in ("create", "get by id", "email equals", "contains", "sorted by", "company.name", "page 8 by cursor"):
        assert any(part in name for name in names), part
    # An import of two hundred rows may be over before it is polled.
    empty = [figure for figure in kept["figures"] if not figure["values"] and "poll of a running" not in figure["name"]]
    assert [(figure["name"], figure["note"]) for figure in empty] == [("prismd next to Absent", "it cannot be had")]
    [slow] = [figure for figure in kept["figures"] if figure["name"] == "prismd next to Slow"]
    assert (slow["holds"], slow["note"]) == (None, "says nothing; given each address once")
    assert slow["ratio"] > 1


class Fast:
    """Loads a file in no time."""

    name, less, formats = "Fast", "says nothing", {".csv": (), ".parquet": ()}

    def load(self, _path: Path, _directory: Path) -> float:
        return 0.001


class AbsentBeside(Fast):
    name = "Absent"

    def load(self, _path: Path, _directory: Path) -> float:
        raise UnusableError("it cannot be had")


def test_files_are_measured_with_the_memory_of_every_process(
    make_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PLACE", tmp_path)
    monkeypatch.setattr(file_imports, "BESIDE", (Fast(), AbsentBeside()))

    parts = ["--only", "files,size", "--sizes", "300", "--gigabytes", "0.0005", "--database-url", make_database()]

    assert bench.main(parts) == 0

    [written] = tmp_path.glob("*.json")
    kept = json.loads(written.read_text())
    assert kept["failed"] == []
    figures = {figure["name"]: figure for figure in kept["figures"]}
    for form in ("CSV", "NDJSON", "XLSX", "PARQUET"):
        assert figures[f"{form}, prismd import"]["values"][0] > 0
        for process in ("the server", "a worker", "prismd import", "a process of PostgreSQL, memory of its own"):
            assert 1 < figures[f"{form}: peak memory of {process}"]["values"][0] < 400, (form, process)
    assert figures["CSV, prismd import next to Fast (says nothing)"]["ratio"] < 1
    assert figures["CSV, prismd import next to Absent (says nothing)"]["note"] == "it cannot be had"
    assert any("COPY" in name for name in figures)
    assert figures["prismd import of 1,000 rows"]["values"]


def test_rows_as_people_have_them_are_the_same_for_a_seed_and_many_cells_are_blank() -> None:
    rows = list(sparse.rows(2_000, 7))

    assert rows == list(sparse.rows(2_000, 7))
    for _, slug, percent in sparse.COLUMNS:
        assert abs(sum(slug in row for row in rows) / 20 - percent) < 5, slug
    assert {type(row["score"]) for row in rows if "score" in row} == {float}
    assert sum(str(row.get("stage")).startswith("to be asked") for row in rows) == pytest.approx(20, abs=15)


def test_a_load_repeats_and_spoils_as_many_rows_as_it_says() -> None:
    load = people.load(1_000, 1)

    addresses = [row["email"] for row in load.valid]
    assert (load.invalid, load.repeated) == (10, 100)
    assert len(load.valid) == 990
    assert len(set(addresses)) == load.created == 890
    assert people.load(1_000, 1).rows == load.rows


def test_a_figure_is_held_against_its_target_and_written_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n")
    slow = Figure("One", "rate", "rows/s", [40, 60], Peer("floor", [100, 100]), Target(0.75, of_ratio=True))
    absent = Figure("One", "other program", "rows/s", [], note="it cannot be had")

    write_page(page, [slow, absent], {"cores": 2})

    text = page.read_text()
    assert (slow.ratio, slow.holds, absent.holds) == (0.5, False, None)
    assert "| rate | 50.0 rows/s | 40.0 to 60.0 | floor: 100 | 50% | at least 75% | **missed** |" in text
    assert "not measured: it cannot be had" in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
