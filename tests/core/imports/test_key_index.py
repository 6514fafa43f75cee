"""The index of keys against a plain reference: all records are gone through, and their keys made anew each time."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.imports.key_index import KeyIndex
from prismd.core.properties.schema import Property
from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord

RULE = KeyRule("contact", Property("1", "many", "multi_str", "Many"), fold_case=True)
LETTERS = ["a", "A", "b", "B ", "c", ""]
VALUES = st.none() | st.lists(st.sampled_from(LETTERS), max_size=3)
#: What happens: a record of the store is added, a record is made, or one of both is changed.
EVENTS = st.lists(st.tuples(st.sampled_from(["stored", "new", "change"]), VALUES, st.integers(0, 5)), max_size=8)


def having(records: list[KnownRecord], keys: tuple[str, ...]) -> set[str]:
    return {record.id for record in records if set(keys) & set(RULE.keys(record.properties.get("many")))}


def happen(index: KeyIndex, records: list[KnownRecord], event: tuple[str, Any, int]) -> None:
    how, values, which = event
    new = KnownRecord(str(len(records)), 1, {"many": values})
    if how == "stored":
        records.append(new)
        index.add_stored([new])
    elif how == "new" and not having(records, RULE.keys(values)):
        records.append(new)
        index.add_new(new, RULE.keys(values))
    elif how == "change" and records:
        changed = records[which % len(records)]
        index.change(changed, {"many": values})
        assert changed.properties == {"many": values}


def test_a_record_that_the_store_returns_again_stays_as_rows_have_left_it() -> None:
    index, record = KeyIndex(RULE), KnownRecord("1", 1, {"many": ["a"]})
    index.add_stored([record])
    index.change(record, {"many": ["b"]})
    index.add_stored([KnownRecord("1", 1, {"many": ["a"]})])
    assert not index.having(("a",))
    assert index.having(("b",))[0] is record


@given(events=EVENTS)
@example(events=[("stored", ["a"], 0), ("change", ["b"], 0)])
@example(events=[("new", ["a"], 0), ("change", ["b"], 0), ("new", ["a"], 0)])
@example(events=[("stored", ["a", "b"], 0), ("stored", ["b", "c"], 0), ("change", ["c"], 0)])
@example(events=[("stored", ["a"], 0), ("change", None, 0)])
def test_records_are_found_by_the_keys_that_they_have_now(events: list[tuple[str, Any, int]]) -> None:
    index, records = KeyIndex(RULE), list[KnownRecord]()
    for event in events:
        happen(index, records, event)
        for keys in (("a",), ("b",), ("c",), ("d",), ("a", "b"), ("a", "b", "c"), ()):
            found = [record.id for record in index.having(keys)]
            assert len(found) == len(set(found))
            assert set(found) == having(records, keys)
