"""Taking changes of a record back, held to a model that knows for each value whether its change is in effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from prismd.core.changes.changes import ChangeSet, Kind, LaterChange, Moved, RecordChange
from prismd.core.changes.reversal import Outcome, Present, Reason, plan_reversal
from prismd.core.properties.schema import LISTS_KEY

NOW = datetime(2026, 1, 5, tzinfo=UTC)
KEYS = ("a", "b")
Values = dict[str, Any]


@dataclass
class Done:
    """A change set as the planner knows it, with what it changed of the only record."""

    head: ChangeSet
    change: RecordChange


@dataclass
class Fact:
    """What the model knows of one value that a change set wrote."""

    before: Any
    after: Any


@dataclass
class World:
    """One record, its history as the planner gets it, and the model's facts."""

    values: Values = field(default_factory=dict)
    there: bool = True
    version: int = 1
    history: list[Done] = field(default_factory=list)
    facts: list[dict[str, Fact]] = field(default_factory=list)

    def write(self, written: Values, kind: Kind) -> None:
        after = {**self.values, **written}
        changed = {key: value for key, value in written.items() if self.values.get(key) != value}
        before = {key: self.values.get(key) for key in changed}
        self.facts.append({key: Fact(before[key], changed[key]) for key in changed})
        self._note(ChangeSet(str(len(self.history)), kind, NOW), before, changed)
        self.values = {key: value for key, value in after.items() if value is not None}

    def undo(self, number: int) -> None:
        """Undo a change set by the planner, and hold what it plans to the facts."""
        done = self.history[number]
        later = [
            LaterChange(one.head, one.change.version_after, list(one.change.after), one.change.moved)
            for one in self.history[number + 1 :]
        ]
        plan = plan_reversal(done.head.id, done.change, Present(self.version, self.values), reversed(later))
        expected, kept = {}, set()
        for key, fact in self.facts[number].items():
            if not self.stands(number, key):
                continue
            if self.values.get(key) == fact.after:
                expected[key] = fact.before
            else:
                kept.add(key)
        assert plan.values == expected
        assert {one.key for one in plan.kept} == kept
        assert all(one.reason is Reason.CHANGED for one in plan.kept)
        outcome = {
            (True, False): Outcome.REVERTED, (True, True): Outcome.PARTLY_REVERTED, (False, True): Outcome.KEPT,
            (False, False): Outcome.GONE,
        }[bool(expected), bool(kept)]  # fmt: skip
        assert plan.outcome is outcome
        before = {key: self.values.get(key) for key in expected}
        self.facts.append({key: Fact(before[key], expected[key]) for key in expected})
        self._note(ChangeSet(str(len(self.history)), Kind.UNDO, NOW, undoes=done.head.id), before, expected)
        self.values = {key: value for key, value in {**self.values, **expected}.items() if value is not None}

    def stands(self, number: int, key: str) -> bool:
        """Whether a change set still counts for a value: no undo of it counts for that value."""
        undone_by = (at for at, one in enumerate(self.history) if one.head.undoes == self.history[number].head.id)
        return not any(key in self.facts[at] and self.stands(at, key) for at in undone_by)

    def _note(self, head: ChangeSet, before: Values, after: Values) -> None:
        self.history.append(Done(head, RecordChange("r", self.version, self.version + 1, before, after)))
        self.version += 1


WRITES = st.dictionaries(st.sampled_from(KEYS), st.sampled_from([None, 1, 2, 3]), min_size=1)
STEPS = st.lists(st.one_of(st.tuples(st.just("write"), WRITES), st.tuples(st.just("undo"), st.integers(0, 20))))


@settings(max_examples=3_000, deadline=None)
@given(STEPS)
@example([("write", {"a": 1}), ("write", {"a": 2}), ("undo", 0), ("undo", 1), ("undo", 0)])
@example([("write", {"a": 1}), ("undo", 0), ("undo", 1), ("undo", 2), ("undo", 0), ("undo", 0)])
@example([("write", {"a": 1}), ("undo", 0), ("write", {"a": 1}), ("undo", 0), ("undo", 2)])
@example(  # undone, redone, undone again; the redo and the first undo are undone, and the second undo still counts
    [("write", {"a": 1}), *(("undo", at) for at in (0, 1, 0)), ("write", {"a": 1}), *(("undo", at) for at in (2, 1, 0))]
)
def test_each_value_goes_back_where_it_is_what_was_written(steps: list[tuple[str, Any]]) -> None:
    world = World()
    for what, how in steps:
        if what == "write":
            world.write(how, Kind.IMPORT)
        elif world.history:
            world.undo(how % len(world.history))


@settings(max_examples=2_000, deadline=None)
@given(st.lists(WRITES, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_undone_in_any_order_everything_is_as_it_was(writes: list[Values], chance: Any) -> None:
    world = World({"a": 3})
    for written in writes:
        world.write(written, Kind.IMPORT)
    # What is kept at first goes when what came after it has gone.
    for _ in writes:
        order = list(range(len(writes)))
        chance.shuffle(order)
        for number in order:
            world.undo(number)
    assert world.values == {"a": 3}


@settings(max_examples=500, deadline=None)
@given(st.lists(WRITES, min_size=1, max_size=6))
def test_undone_last_first_and_redone_everything_is_as_it_was(writes: list[Values]) -> None:
    world = World()
    for written in writes:
        world.write(written, Kind.IMPORT)
    after, count = dict(world.values), len(writes)
    for number in reversed(range(count)):
        world.undo(number)
    assert world.values == {}
    for number in reversed(range(count, 2 * count)):
        world.undo(number)
    assert world.values == after


def later(
    number: int, kind: Kind = Kind.WRITE, *keys: str, moved: Moved | None = None, undoes: str = ""
) -> LaterChange:
    return LaterChange(ChangeSet(f"later {number}", kind, NOW, undoes=undoes or None), number, keys, moved)


CREATED = RecordChange("r", 0, 0, {}, {}, Moved.CREATED)
HERE, HIDDEN = Present(5, {}), Present(5, {}, deleted=True)


def test_a_created_record_goes_unless_an_edit_is_in_effect() -> None:
    assert plan_reversal("job", CREATED, HERE).move is Moved.DELETED
    edit = later(2, Kind.WRITE, "city")
    kept = plan_reversal("job", CREATED, HERE, [edit])
    assert (kept.outcome, [one.key for one in kept.kept]) == (Outcome.KEPT, ["city"])
    assert kept.kept[0].changed_by == edit.made_by
    # The import that changed it was undone, so it is as the first one left it.
    undone = later(3, Kind.UNDO, "city", undoes="later 2")
    assert plan_reversal("job", CREATED, HERE, [edit, undone]).move is Moved.DELETED
    redone = later(4, Kind.UNDO, "city", undoes="later 3")
    assert plan_reversal("job", CREATED, HERE, [redone, edit, undone]).outcome is Outcome.KEPT


def test_a_record_that_somebody_deleted_or_purged_is_gone() -> None:
    assert plan_reversal("job", CREATED, HIDDEN).outcome is Outcome.GONE
    assert plan_reversal("job", CREATED, None).outcome is Outcome.GONE
    changed = RecordChange("r", 1, 2, {"a": 1}, {"a": 2})
    assert plan_reversal("job", changed, HIDDEN).outcome is Outcome.GONE


def test_a_record_that_somebody_deleted_and_restored_has_not_changed() -> None:
    moves = [later(2, Kind.DELETE, moved=Moved.DELETED), later(3, Kind.RESTORE, moved=Moved.RESTORED)]
    assert plan_reversal("job", CREATED, HERE, moves).move is Moved.DELETED


def test_a_record_that_somebody_restored_after_an_undo_stays() -> None:
    undone = later(2, Kind.UNDO, moved=Moved.DELETED, undoes="job")
    restored = later(3, Kind.RESTORE, moved=Moved.RESTORED)
    kept = plan_reversal("job", CREATED, HERE, [undone, restored])
    assert (kept.outcome, kept.kept[0].changed_by) == (Outcome.KEPT, restored.made_by)
    redone = later(3, Kind.UNDO, moved=Moved.RESTORED, undoes="later 2")
    assert plan_reversal("job", CREATED, HERE, [undone, redone]).move is Moved.DELETED


def test_a_redo_restores_what_is_still_deleted_by_the_undo() -> None:
    deleted = RecordChange("r", 1, 2, {}, {}, Moved.DELETED)
    assert plan_reversal("undo", deleted, HIDDEN).move is Moved.RESTORED
    assert plan_reversal("undo", deleted, HERE).outcome is Outcome.GONE
    assert plan_reversal("undo", deleted, None).outcome is Outcome.GONE
    moves = [later(3, Kind.RESTORE, moved=Moved.RESTORED), later(4, Kind.DELETE, moved=Moved.DELETED)]
    kept = plan_reversal("undo", deleted, HIDDEN, moves)
    assert (kept.outcome, kept.kept[0].changed_by) == (Outcome.KEPT, moves[1].made_by)


def test_lists_go_back_one_by_one() -> None:
    joined = RecordChange("r", 1, 2, {LISTS_KEY: ["x"]}, {LISTS_KEY: ["x", "y"]})
    plan = plan_reversal("job", joined, Present(3, {LISTS_KEY: ["x", "y", "z"]}), [later(3, Kind.WRITE, LISTS_KEY)])
    assert (plan.outcome, plan.values) == (Outcome.REVERTED, {LISTS_KEY: ["x", "z"]})
    first = RecordChange("r", 1, 2, {LISTS_KEY: None}, {LISTS_KEY: ["y"]})
    assert plan_reversal("job", first, Present(2, {LISTS_KEY: ["y"]})).values == {LISTS_KEY: None}
    left = plan_reversal("job", first, Present(3, {LISTS_KEY: ["x"]}), [later(3, Kind.WRITE, LISTS_KEY)])
    assert left.outcome is Outcome.KEPT
