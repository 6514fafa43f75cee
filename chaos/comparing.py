"""The run with kills beside the run without: what was lost, what was doubled, what else differs."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from chaos.load import CROWD
from chaos.store import Found


def lost(run: Found, calm: Found) -> list[str]:
    """Return what the run has lost."""
    return run.lost + [f"the run without kills has {_told(one)}" for one in (_names(calm) - _names(run)).elements()]


def doubled(run: Found, calm: Found) -> list[str]:
    """Return what the run has once too often."""
    return run.doubled + [
        f"only the run with kills has {_told(one)}" for one in (_names(run) - _names(calm)).elements()
    ]


def different(run: Found, calm: Found) -> list[str]:
    """Return what else differs: results, contents of records, before-images, counters."""
    found = [
        f"results of {name} differ: {_told(_first_difference(mine, theirs))}"
        for name, mine, theirs in _pairs(_comparable(run.results), _comparable(calm.results))
        if mine != theirs
    ]
    for what, mine, theirs in (("record", run.records, calm.records), ("before-image", run.effects, calm.effects)):
        found += [f"{what} only with kills: {_told(one)}" for one in (mine - theirs).elements()]
        found += [f"{what} only without kills: {_told(one)}" for one in (theirs - mine).elements()]
    if run.counts != calm.counts:
        found.append(f"jobs, rows, created, existing, updated, failed, incomplete, keys: {run.counts}, {calm.counts}")
    return found


def _names(found: Found) -> Counter[tuple[Any, ...]]:
    names: Counter[tuple[Any, ...]] = Counter()
    for record, times in found.records.items():
        names[record[0]] += times
    return names


def _comparable(results: dict[str, list[tuple[Any, ...]]]) -> dict[str, Any]:
    """Return results by import where the order is given, and counted by round where imports ran at once."""
    comparable: dict[str, Any] = {}
    rounds: dict[str, Counter[tuple[Any, ...]]] = defaultdict(Counter)
    for name, rows in results.items():
        kind, _, number = name.rpartition(".")
        if kind.startswith("contact"):
            comparable[name] = rows
        else:
            rounds[f"{kind}, round {int(number) // CROWD}"].update(rows)
    return comparable | rounds


def _pairs(mine: dict[str, Any], theirs: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(name, mine.get(name), theirs.get(name)) for name in sorted(mine.keys() | theirs.keys())]


def _first_difference(mine: Any, theirs: Any) -> Any:  # noqa: ANN401 - lists or counters of results
    if isinstance(mine, list) and isinstance(theirs, list):
        return next(
            ((row, *pair) for row, pair in enumerate(zip(mine, theirs, strict=False)) if pair[0] != pair[1]), "length"
        )
    if isinstance(mine, Counter) and isinstance(theirs, Counter):
        return next(iter((mine - theirs) or (theirs - mine)))
    return "one of the runs has none"


def _told(one: Any) -> str:  # noqa: ANN401 - whatever is compared
    return repr(one)[:300]
