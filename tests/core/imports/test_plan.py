"""The planner against the reference model: any rows, any records before, cut anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prismd.core.imports.options import ImportOptions, OnMatch
from prismd.core.imports.plan import Plan, Planner, RowResult, find_keys, hashes_of
from prismd.core.properties.schema import LISTS_KEY, Property
from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import ArrayChange, ArrayOperation
from prismd.core.records.rows import RefusedRow, Row, refused
from tests.core.imports.model import ModelImport, ModelRecord

# Few letters, so that keys meet often: case pairs, a composed and a decomposed form, blanks, sharp s and its fold.
TEXTS = st.sampled_from(["a", "A", " a", "b", "B ", "c", "\u00e9", "e\u0301", "\u00c9", "ß", "ss", "", "  "])
SINGLE, MANY = Property("1", "single", "str", "Single"), Property("2", "many", "multi_str", "Many")
OWN = Property("3", "single", "str", "Own", list_id="one")
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "single": st.none() | TEXTS,
        "many": st.none() | st.lists(TEXTS, max_size=3),
        "other": st.none() | TEXTS,
        "one/single": st.none() | TEXTS,
        LISTS_KEY: st.lists(st.sampled_from(["one", "two"]), min_size=1, unique=True),
    },
)


@dataclass
class Store:
    """What a database would hold: records by id, and which row made each."""

    records: dict[str, KnownRecord]

    def candidates(self, rule: KeyRule, rows: list[Row | RefusedRow]) -> Iterator[KnownRecord]:
        find_keys(rule, rows)
        wanted = hashes_of(rows)
        for record in self.records.values():
            if wanted.intersection(rule.hashes(record.properties.get(rule.key))):
                yield deepcopy(record)

    def check(self, plan: Plan, entered: dict[str, KnownRecord], rule: KeyRule | None) -> None:
        """Hold a plan to what became of the records that its planner knew, the first copy of each."""
        before = {record_id: self.records[record_id] for record_id in entered}
        changed = {record_id for record_id, record in entered.items() if record.version != before[record_id].version}
        assert set(plan.changed) == changed
        for record_id, change in plan.changed.items():
            was = before[record_id]
            assert (change.version_before, change.before) == (was.version, was.properties)
            written = change.rewritten()
            assert (written.id, written.version) == (record_id, entered[record_id].version)
            now = {**was.properties, **written.after}
            assert {slug: value for slug, value in now.items() if value is not None} == written.properties
        touched = [record.id for record in entered.values() if record.first_row != before[record.id].first_row]
        assert sorted(record.id for record in plan.first_matched) == sorted(touched)
        assert not self.records.keys() & {record.id for record in plan.created}
        for record in plan.created:
            assert record.made_by_import
            if rule and record.hashes is not None:
                assert record.hashes == rule.hashes(record.properties.get(rule.key))

    def apply(self, plan: Plan) -> None:
        changed = [change.record for change in plan.changed.values()]
        for record in (*plan.created, *plan.first_matched, *changed):
            self.records[record.id] = record


def run_in_chunks(
    rule: KeyRule | None,
    options: ImportOptions,
    before: list[dict[str, Any]],
    rows: list[Row | RefusedRow],
    cuts: set[int],
    *,
    look_up: int = 100,
) -> tuple[list[RowResult], Store]:
    ids = (f"id{number}" for number in range(10_000))
    store = Store({})
    for values in before:
        new_id = next(ids)
        store.records[new_id] = KnownRecord(new_id, 1, values)
    verdicts: list[RowResult] = []
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(rows)), len(rows)]
    for start, end in pairwise(edges):
        planner = Planner(rule, options, lambda: next(ids), start)
        entered: dict[str, KnownRecord] = {}
        for first in range(start, end, look_up):
            some = rows[first : min(first + look_up, end)]
            if rule:
                candidates = list(store.candidates(rule, some))
                entered = {record.id: record for record in candidates} | entered
                planner.enter(candidates)
            planner.judge(some)
        store.check(planner.plan, entered, rule)
        store.apply(planner.plan)
        verdicts += planner.plan.results
    return verdicts, store


def parsed_row(values: dict[str, Any]) -> Row:
    """Return a row as the parser gives it: being put into lists is a change of an array."""
    joined = {key: ArrayChange(ArrayOperation.APPEND, values[key]) for key in values.keys() & {LISTS_KEY}}
    return Row({**values, **joined}, not joined and all(value not in (None, []) for value in values.values()))


def told(verdict: RowResult) -> tuple[str, int | None]:
    assert not (verdict.updated and (verdict.created or verdict.failed))
    if verdict.failed:
        assert not verdict.created
        return (verdict.problems[0].code, None)
    outcome = "created" if verdict.created else "updated" if verdict.updated else "existing"
    return (outcome, verdict.duplicate_of)


def expected(said: dict[str, Any]) -> tuple[str, int | None]:
    return (said["code"], None) if said["outcome"] == "failed" else (said["outcome"], said["duplicate_of"])


#: Of an example: everything that matters to none of them.
PLAIN: dict[str, Any] = {
    "fold_case": True,
    "on_match": OnMatch.UPDATE,
    "require_key": False,
    "cuts": set(),
    "look_up": 100,
}


@settings(max_examples=400)
# A record whose key changes leaves the key that it had: the next row with that one finds nobody, or somebody else.
@example(slug="many", before=[{"many": ["a", "b"]}], rows=[{"many": ["a"]}, {"many": ["b"]}], **PLAIN)
@example(slug="many", before=[], rows=[{"many": ["a", "b"]}, {"many": ["a"]}, {"many": ["b"]}], **PLAIN)
@example(slug="single", before=[{"single": "a"}], rows=[{"single": "A"}, {"single": "a"}], **PLAIN)
# Of a record that rows change twice, what it was at first is kept; what a chunk makes is new to the end of it.
@example(
    slug="single",
    before=[{"single": "a"}],
    rows=[{"single": "a", "other": "b"}, {"single": "a", "other": "c"}],
    **PLAIN,
)
@example(slug="single", before=[], rows=[{"single": "a"}, {"single": "a", "other": "c"}], **PLAIN)
@example(slug="single", before=[], rows=[{"single": "a"}, {"single": "a", "other": "c"}], **{**PLAIN, "cuts": {1}})
@example(
    slug="single", before=[{"single": "a"}], rows=[{"single": "a", "other": ""}], **{**PLAIN, "on_match": OnMatch.FILL}
)
# A row of several keys finds the record by each of them.
@example(slug="many", before=[{"many": ["b"]}], rows=[{"many": ["a", "b"]}], **PLAIN)
@example(slug="many", before=[{"many": ["c"]}], rows=[{"many": ["a", "b", "c"]}], **PLAIN)
# And it is found by the key that it has now.
@example(slug="many", before=[{"many": ["a"]}], rows=[{"many": ["a", "c"]}, {"many": ["c"]}], **PLAIN)
@given(
    slug=st.sampled_from([None, "single", "many", "one/single"]),
    fold_case=st.booleans(),
    on_match=st.sampled_from(OnMatch),
    require_key=st.booleans(),
    before=st.lists(ROWS, max_size=4),
    rows=st.lists(st.none() | ROWS, max_size=12),
    cuts=st.sets(st.integers(1, 11)),
    look_up=st.integers(1, 4),
)
def test_any_rows_cut_anywhere_come_out_as_the_model_says(
    slug: str | None,
    *,
    fold_case: bool,
    on_match: OnMatch,
    require_key: bool,
    before: list[dict[str, Any]],
    rows: list[dict[str, Any] | None],
    cuts: set[int],
    look_up: int,
) -> None:
    stored = [{name: value for name, value in row.items() if value not in (None, [])} for row in before]
    model = ModelImport(slug, fold_case, on_match, require_key, [ModelRecord(dict(values)) for values in stored])
    said = model.run(rows)

    prop = {prop.key: prop for prop in (SINGLE, MANY, OWN)}.get(slug or "")
    rule = KeyRule("contact", prop, fold_case=fold_case) if prop else None
    options = ImportOptions(slug, fold_case=fold_case, on_match=on_match, require_key=require_key)
    parsed = [refused("refused", "no") if row is None else parsed_row(row) for row in rows]
    verdicts, store = run_in_chunks(rule, options, stored, parsed, cuts, look_up=look_up)

    assert [told(verdict) for verdict in verdicts] == [expected(one) for one in said]
    ours = [(record.properties, record.version, record.first_row) for record in store.records.values()]
    theirs = [(record.values, record.version, record.first_row) for record in model.records]
    assert sorted(map(repr, ours)) == sorted(map(repr, ours_in_order(theirs, ours)))


def ours_in_order(theirs: list[Any], ours: list[Any]) -> list[Any]:
    """Give the model's values the key order of ours, which is no part of their meaning."""
    rest = list(ours)
    result = []
    for one in theirs:
        twin = next((other for other in rest if other == one), None)
        if twin is not None:
            rest.remove(twin)
        result.append(twin if twin is not None else one)
    return result


@given(rows=st.lists(ROWS, max_size=10), on_match=st.sampled_from(OnMatch))
def test_a_dry_run_says_what_the_real_run_says(rows: list[dict[str, Any]], on_match: OnMatch) -> None:
    rule = KeyRule("contact", MANY, fold_case=True)
    parsed: list[Row | RefusedRow] = [parsed_row(row) for row in rows]
    real, _ = run_in_chunks(rule, ImportOptions("many", on_match=on_match), [], parsed, set())
    dry, _ = run_in_chunks(rule, ImportOptions("many", on_match=on_match, dry_run=True), [], parsed, set())
    assert [told(verdict) for verdict in dry] == [told(verdict) for verdict in real]
    assert all(verdict.id is None for verdict in dry)
    assert all((verdict.id is None) == verdict.failed for verdict in real)


def test_a_dry_run_names_records_that_are_there() -> None:
    rule = KeyRule("contact", SINGLE, fold_case=True)
    rows: list[Row | RefusedRow] = [Row({"single": "a"}), Row({"single": "b"}), Row({"single": "b"})]
    verdicts, _ = run_in_chunks(rule, ImportOptions("single", dry_run=True), [{"single": "A"}], rows, set())
    assert [verdict.id for verdict in verdicts] == ["id0", None, None]


def test_several_records_with_the_key_are_named_and_nothing_is_written() -> None:
    rule = KeyRule("contact", SINGLE, fold_case=True)
    before: list[dict[str, Any]] = [{"single": "a"}, {"single": "A"}]
    verdicts, store = run_in_chunks(rule, ImportOptions("single"), before, [Row({"single": "a"})], set())
    assert verdicts[0].problems[0].code == "multiple_matches"
    assert "id0, id1" in verdicts[0].problems[0].message
    assert len(store.records) == 2


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (3, "3 records carry this single: id0, id1, id2; merge them"),
        (4, "4 records carry this single: id0, id1, id2 and others; merge them"),
        (10, "10 records carry this single: id0, id1, id2 and others; merge them"),
        (11, "more than 10 records carry this single: id0, id1, id2 and others; merge them"),
    ],
)
def test_of_many_records_with_the_key_a_few_are_named(count: int, said: str) -> None:
    rule = KeyRule("contact", SINGLE, fold_case=True)
    before: list[dict[str, Any]] = [{"single": "a"}] * count
    verdicts, _ = run_in_chunks(rule, ImportOptions("single"), before, [Row({"single": "a"})], set())
    assert verdicts[0].problems[0].message.startswith(said)


def test_what_a_row_appends_to_its_key_names_the_record_and_what_it_removes_does_not() -> None:
    rule = KeyRule("contact", MANY, fold_case=True)
    rows: list[Row | RefusedRow] = [
        Row({"many": ArrayChange(operation, ["a"])}) for operation in (ArrayOperation.APPEND, ArrayOperation.REMOVE)
    ]
    verdicts, _ = run_in_chunks(rule, ImportOptions("many"), [{"many": ["A"]}], rows, set())
    assert [told(verdict) for verdict in verdicts] == [("existing", None), ("created", None)]
