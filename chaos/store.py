"""What a server's PostgreSQL holds after a run, with names instead of ids, so that two runs can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.rows import TupleRow

from chaos.load import KEYS
from chaos.sending import Import

_RECORDS: Final = """
SELECT object_type, record.id::text, team.public_id, version, import_row, properties::text, properties ->> %s
FROM record JOIN team ON team.id = record.team_id
WHERE deleted_at IS NULL
"""
_EFFECTS: Final = """
SELECT record_id::text, first_row, version_before, version_after, before, after FROM import_touch
"""
_JOBS: Final = """
SELECT count(*), coalesce(sum(total), 0), coalesce(sum(created), 0), coalesce(sum(existing), 0),
       coalesce(sum(updated), 0), coalesce(sum(failed), 0), count(*) FILTER (WHERE state <> 'complete')
FROM import_job
"""
_KEYS: Final = "SELECT count(*), count(DISTINCT (team_id, key_hash, record_id)) FROM record_key"


@dataclass(slots=True)
class Found:
    """What a run left behind.

    Args:
        results: By import, what became of its rows.
        records: By name, what they hold; a name with several records is a doubled one.
        effects: Records that imports matched, with what they were before and after.
        counts: Jobs and their counters, keys.
        lost: What should be there and is not, a sentence each.
        doubled: What is there once too often, a sentence each.
    """

    results: dict[str, Any] = field(default_factory=dict)
    records: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    effects: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    counts: tuple[int, ...] = ()
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)


def read(connection: psycopg.Connection[TupleRow], imports: Sequence[Import], teams: Sequence[str]) -> Found:
    """Return what a run left behind.

    Args:
        connection: To the PostgreSQL of the run.
        imports: All of the run, ended.
        teams: Their ids, in the order of the lanes.
    """
    found = Found()
    makers = check_results(imports, found)
    names = _read_records(connection, makers, teams, found)
    for one in imports:
        results = [_shown(result, names, in_order=one.lane.ordered) for result in one.job.results]
        found.results[one.name] = results
    for id_, first_row, version_before, version_after, before, after in connection.execute(_EFFECTS):
        name = names.get(id_, "nobody")
        rest = version_before, version_after, *differing(before, after)
        # Which of a crowd's imports came first is chance, and so are the effects of the others.
        if name[0] == "made" or rest[0] is not None:
            found.effects[name, first_row if name[0] == "made" else None, *rest] += 1
    (jobs,) = connection.execute(_JOBS).fetchall()
    (keys,) = connection.execute(_KEYS).fetchall()
    found.counts = (*(int(number) for number in jobs), *keys)
    if jobs[0] > len(imports):
        found.doubled.append(f"{jobs[0]} imports for {len(imports)} requests")
    if keys[0] != keys[1]:
        found.doubled.append(f"{keys[0] - keys[1]} keys of records are written twice")
    return found


def differing(before: dict[str, Any] | None, after: dict[str, Any] | None) -> tuple[str, str]:
    """Return what an import changed, as texts: what it changed back stands there or not, as its chunks were cut.

    Args:
        before: Values of a record before the import, of the properties that a chunk changed; None where none did.
        after: The same after it.
    """
    was, became = before or {}, after or {}
    slugs = sorted(slug for slug in was.keys() | became.keys() if was.get(slug) != became.get(slug))
    return repr({slug: was.get(slug) for slug in slugs}), repr({slug: became.get(slug) for slug in slugs})


def check_results(imports: Sequence[Import], found: Found) -> dict[str, tuple[str, int]]:
    """Note rows without result and with several, and return by which row each record was made, by its id.

    Args:
        imports: All of a run, ended.
        found: Where it is noted.
    """
    makers: dict[str, tuple[str, int]] = {}
    for one in imports:
        seen = Counter(result.input_index for result in one.job.results)
        found.lost += [f"{one.name}: row {row} has no result" for row in range(one.rows) if not seen[row]]
        found.doubled += [f"{one.name}: row {row} has {times} results" for row, times in seen.items() if times > 1]
        if one.job.state != "complete":
            found.lost.append(f"{one.name} ended as {one.job.state}")
        for result in one.job.results:
            if not result.created or result.id is None:
                continue
            if result.id in makers:
                found.doubled.append(f"{one.name}: row {result.input_index} made a record that another row made")
            makers[result.id] = (one.name, result.input_index)
    return makers


def _read_records(
    connection: psycopg.Connection[TupleRow],
    makers: dict[str, tuple[str, int]],
    teams: Sequence[str],
    found: Found,
) -> dict[str, tuple[Any, ...]]:
    """Note records that nobody made and that are gone; return names by id."""
    names: dict[str, tuple[Any, ...]] = {}
    for kind, id_, team, version, row, properties, key in connection.execute(_RECORDS, (KEYS["organization"],)):
        maker = makers.get(id_)
        if maker is None:
            found.doubled.append(f"record {id_} ({kind}) was made by no row")
            continue
        # In a crowd, chance decides which row makes a record; its key tells which record it is.
        names[id_] = ("made", *maker) if kind == "contact" else ("key", kind, teams.index(team), key)
        found.records[names[id_], version, row if kind == "contact" else None, properties] += 1
    keyed = Counter(name for name in names.values() if name[0] == "key")
    found.doubled += [f"{times} records for {name}" for name, times in keyed.items() if times > 1]
    gone = makers.keys() - names.keys()
    found.lost += [f"the record made by row {makers[id_][1]} of {makers[id_][0]} is gone" for id_ in gone]
    return names


def _shown(result: Any, names: dict[str, tuple[Any, ...]], *, in_order: bool) -> tuple[Any, ...]:  # noqa: ANN401 - a RowResult
    name = names.get(result.id, ("unknown",)) if result.id else None
    problems = tuple((problem.code, problem.property) for problem in result.errors)
    shown = (name, result.created, result.existing, result.updated, problems)
    return (*shown, result.duplicate_of) if in_order else shown
