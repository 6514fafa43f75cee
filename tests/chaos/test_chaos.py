"""The kill test: twenty kills here, any number with ``make chaos``; and that it sees what it is there to see."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chaos import __main__ as kill_test
from chaos import comparing
from chaos.load import Lane, lanes, request
from chaos.sending import Import, Job, RowResult
from chaos.store import Found, check_results, differing

ORDERED, CROWDED = Lane(0, ordered=True), Lane(0, ordered=False)


@pytest.mark.xdist_group("kills")
def test_twenty_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    report = kill_test.run(tmp_path, kills=20, seed=20)
    assert report.passed, "\n".join(report.lines)


def ended(*results: RowResult, rows: int, state: str = "complete") -> Import:
    job = Job("complete", state, rows, rows, rows, 0, 0, 0, datetime.now(UTC), list(results))
    return Import("contact 0.0", ORDERED, rows, job)


def made(row: int, id_: str) -> RowResult:
    return RowResult(row, id_, created=True, existing=False, updated=False)


@pytest.mark.parametrize(
    ("done", "lost", "doubled"),
    [
        (ended(made(0, "a"), made(1, "b"), rows=2), 0, 0),
        (ended(made(0, "a"), rows=2), 1, 0),
        (ended(made(0, "a"), made(0, "b"), rows=1), 0, 1),
        (ended(made(0, "a"), made(1, "a"), rows=2), 0, 1),
        (ended(made(0, "a"), rows=1, state="failed"), 1, 0),
    ],
)
def test_rows_without_result_and_with_two_are_seen(done: Import, lost: int, doubled: int) -> None:
    found = Found()
    check_results([done], found)
    assert (len(found.lost), len(found.doubled)) == (lost, doubled)


def records(*names: str, version: int = 1) -> Counter[tuple[object, ...]]:
    return Counter((name, version, None, "{}") for name in names)


def test_records_that_one_run_alone_has_are_seen() -> None:
    calm = Found(records=records("a", "b"))
    assert not comparing.lost(calm, calm) + comparing.doubled(calm, calm) + comparing.different(calm, calm)
    assert len(comparing.lost(Found(records=records("a")), calm)) == 1
    assert len(comparing.doubled(Found(records=records("a", "b", "b")), calm)) == 1
    assert comparing.different(Found(records=records("a", "b", version=2)), calm)


def test_results_must_be_the_same_in_order_but_in_a_crowd_only_in_sum() -> None:
    one, other = ("x", True), ("x", False)
    for name, in_order in (("contact 0", True), ("organization 0", False)):
        run = Found(results={f"{name}.0": [one], f"{name}.1": [other]})
        swapped = Found(results={f"{name}.0": [other], f"{name}.1": [one]})
        assert bool(comparing.different(run, swapped)) is in_order
        assert comparing.different(run, Found(results={f"{name}.0": [one], f"{name}.1": [one]}))


def test_requests_are_the_same_for_every_seed_and_their_keys_overlap() -> None:
    assert request(1, ORDERED, 3) == request(1, ORDERED, 3) != request(2, ORDERED, 3)
    crowd = [request(1, CROWDED, number).rows for number in range(CROWDED.width)]
    keys = [{row["primary_domain"] for row in rows} for rows in crowd]
    assert keys[1] & keys[2]
    assert len(keys[1]) < len(crowd[1])
    assert len(lanes()) == len(set(lanes()))


def test_what_an_import_changes_back_makes_no_difference() -> None:
    whole = differing({"title": "1"}, {"title": "3"})
    assert differing({"title": "1", "city": "Rome"}, {"title": "3", "city": "Rome"}) == whole
    assert differing({"title": "1", "city": "Rome"}, {"title": "3", "city": "Oslo"}) != whole
    assert differing({"title": "1"}, {"title": "3", "city": "Oslo"}) != whole
    assert differing(None, None) == differing({"city": "Rome"}, {"city": "Rome"})
