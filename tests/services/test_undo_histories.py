"""Random histories of imports, edits, deletions, undos and redos against a model of one dictionary per record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prismd.core.errors import PrismdError
from prismd.services.records.deleted import NamedRecord, delete_record
from tests.services.importing import Importer
from tests.services.test_undo import edit, state, undo

EMAILS = ("a@x.org", "b@x.org", "c@x.org")
SLUGS = ("city", "country")
WORDS = ("Oslo", "Rome", "Łódź")

Row = dict[str, str]


@dataclass
class Fact:
    """What one act did to one value of a record, or to the record itself under the name ""."""

    before: Any
    after: Any
    is_undo: bool = False
    undone_by: list[Fact] = field(default_factory=list)

    @property
    def stands(self) -> bool:
        """Whether it still counts: no undo of it counts."""
        return not any(one.stands for one in self.undone_by)


@dataclass
class ModelRecord:
    """A record: its values, whether it is there, and all facts about it in order, each with who did it."""

    values: Row
    there: bool = True
    facts: list[tuple[int, str, Fact]] = field(default_factory=list)


@dataclass
class Model:
    """What the database must hold; acts are numbered, and an act is an import, an edit, a deletion or an undo."""

    records: dict[str, ModelRecord] = field(default_factory=dict)
    acts: int = 0

    def undo(self, act: int) -> set[str]:
        """Undo an act, and return the ids of the records that this changes."""
        self.acts += 1
        changed = set()
        for record_id, record in self.records.items():
            facts = [(slug, fact) for number, slug, fact in record.facts if number == act]
            for slug, fact in facts:
                done = self._moved_back(record, fact, act) if slug == "" else self._value_back(record, slug, fact)
                if done:
                    fact.undone_by.append(Fact(fact.after, fact.before, is_undo=True))
                    record.facts.append((self.acts, slug, fact.undone_by[-1]))
                    changed.add(record_id)
        return changed

    @staticmethod
    def _value_back(record: ModelRecord, slug: str, fact: Fact) -> bool:
        if not record.there or not fact.stands or record.values.get(slug) != fact.after:
            return False
        if fact.before is None:
            del record.values[slug]
        else:
            record.values[slug] = fact.before
        return True

    def _moved_back(self, record: ModelRecord, fact: Fact, act: int) -> bool:
        if not fact.stands or record.there != fact.after:
            return False
        at = [number for number, slug, _ in record.facts if slug == ""]
        if fact.after:
            # A created record stays if an edit is in effect, whoever made it.
            if any(slug and one.stands and not one.is_undo for number, slug, one in record.facts if number > act):
                return False
        elif at[-1] != act or self._is_taken(record, act):
            return False
        record.there = fact.before
        return True

    def _is_taken(self, record: ModelRecord, act: int) -> bool:
        beside = {id(one) for one in self.records.values() if any(number == act for number, _, _ in one.facts)}
        return any(
            one.there and one.values["email"] == record.values["email"] and id(one) not in beside
            for one in self.records.values()
        )


class Play:
    """Does the same to the database and to the model, and compares them."""

    def __init__(self, importer: Importer) -> None:
        self.importer, self.model = importer, Model()
        #: Ids of the jobs of acts that can be undone, by number of the act.
        self.jobs: dict[int, str] = {}

    def do_import(self, rows: list[Row], policy: str) -> None:
        job, results = self.importer.as_job(rows, chunk=2, dedupe_by="email", on_match=policy)
        self.model.acts += 1
        act = self.model.acts
        self.jobs[act] = job.id
        before = {record_id: dict(record.values) for record_id, record in self.model.records.items()}
        for row, result in zip(rows, results, strict=True):
            if result["created"]:
                self.model.records[result["id"]] = ModelRecord(dict(row))
            elif result["existing"] and policy != "skip":
                values = self.model.records[result["id"]].values
                values |= {slug: word for slug, word in row.items() if policy == "update" or slug not in values}
        for record_id, record in self.model.records.items():
            if record_id not in before:
                record.facts.append((act, "", Fact(before=False, after=True)))
                continue
            for slug, word in record.values.items():
                if before[record_id].get(slug) != word:
                    record.facts.append((act, slug, Fact(before[record_id].get(slug), word)))
        self.compare()

    def do_edit(self, choice: int, slug: str, word: str) -> None:
        there = [one for one in self.model.records.items() if one[1].there]
        if there:
            record_id, record = there[choice % len(there)]
            self.model.acts += 1
            edit(self.importer, record_id, **{slug: word})
            if record.values.get(slug) != word:
                record.facts.append((self.model.acts, slug, Fact(record.values.get(slug), word)))
                record.values[slug] = word
            self.compare()

    def do_delete(self, choice: int) -> None:
        there = [one for one in self.model.records.items() if one[1].there]
        if there:
            record_id, record = there[choice % len(there)]
            self.model.acts += 1
            with self.importer.connection.transaction():
                delete_record(self.importer.transaction, NamedRecord("contact", record_id))
            record.facts.append((self.model.acts, "", Fact(before=True, after=False)))
            record.there = False
            self.compare()

    def do_undo(self, choice: int) -> None:
        if self.jobs:
            act = sorted(self.jobs)[choice % len(self.jobs)]
            self.undo(act)

    def undo(self, act: int) -> bool:
        """Undo an act, and return whether that changed anything."""
        try:
            job, results = undo(self.importer, self.jobs[act])
        except PrismdError as error:
            if error.code != "nothing_to_undo":
                raise
            return False
        changed = self.model.undo(act)
        self.jobs[self.model.acts] = job.id
        assert {one["id"] for one in results if one["updated"]} == changed
        assert job.processed == job.total == len(results) == len({one["id"] for one in results})
        self.compare()
        return bool(changed)

    def compare(self) -> None:
        held = {record_id: values for record_id, (_, values) in state(self.importer).items()}
        assert held == {record_id: one.values for record_id, one in self.model.records.items() if one.there}


@contextmanager
def playing(importer: Importer, make_team: Callable[[], int]) -> Iterator[Play]:
    yield Play(Importer(importer.connection, importer.runtime, make_team()))


ROWS = st.lists(
    st.fixed_dictionaries(
        {"email": st.sampled_from(EMAILS)}, optional={slug: st.sampled_from(WORDS) for slug in SLUGS}
    ),
    min_size=1,
    max_size=4,
)
IMPORT = st.tuples(st.just("import"), ROWS, st.sampled_from(["update", "update", "fill", "skip"]))
EDIT = st.tuples(st.just("edit"), st.integers(0, 9), st.sampled_from(SLUGS), st.sampled_from(WORDS))
DELETE = st.tuples(st.just("delete"), st.integers(0, 9))
UNDO = st.tuples(st.just("undo"), st.integers(0, 30))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.one_of(IMPORT, IMPORT, EDIT, DELETE, UNDO, UNDO), max_size=9))
@example(steps=[("import", [{"email": "a@x.org"}], "update"), ("undo", 0), ("import", [{"email": "a@x.org"}], "update"),
                ("undo", 1), ("undo", 2), ("undo", 1)])  # fmt: skip
@example(steps=[  # the second import changes a city and changes it back, so that is no edit
    ("import", [{"email": "a@x.org", "city": "Rome"}], "fill"),
    ("import", [{"email": "a@x.org", "city": city} for city in ("Oslo", "Oslo", "Rome")], "update"),
    ("undo", 0),
])  # fmt: skip
@example(steps=[
    ("import", [{"email": "a@x.org", "city": "Rome", "country": "Rome"}], "fill"),
    ("import", [{"email": "a@x.org", "city": "Oslo", "country": "Oslo"}, {"email": "b@x.org"},
                {"email": "a@x.org", "city": "Rome"}], "update"),
    ("undo", 0), ("undo", 1), ("undo", 0),
])  # fmt: skip
def test_histories_end_as_the_model_says(
    importer: Importer, make_team: Callable[[], int], steps: list[tuple[Any, ...]]
) -> None:
    with playing(importer, make_team) as play:
        for what, *how in steps:
            getattr(play, f"do_{what}")(*how)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(imports=st.lists(IMPORT, min_size=1, max_size=4), chance=st.randoms(use_true_random=False))
def test_undone_in_any_order_the_database_is_as_it_was(
    importer: Importer, make_team: Callable[[], int], imports: list[tuple[Any, ...]], chance: Any
) -> None:
    with playing(importer, make_team) as play:
        for _, rows, policy in imports:
            play.do_import(rows, policy)
        acts = list(play.jobs)
        # What is kept at first goes when what came after it has gone.
        for _ in acts:
            chance.shuffle(acts)
            for act in acts:
                play.undo(act)
        assert state(play.importer) == {}
