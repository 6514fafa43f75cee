"""The benchmark runs: small, without other programs, on the database that the other tests use."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import people, places, rivals
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
