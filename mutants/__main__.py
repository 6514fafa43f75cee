"""Changes the rules of the core, one thing at a time, and tells which changes no test notices: `make mutants`."""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from mutants.changes import Mutant, mutants_of
from mutants.runs import PACKAGE, Outcome, outcomes, reach

EXPLAINED: Final = Path(__file__).with_name("explained.toml")
#: What is tried where nothing is named: the modules whose survivors are gone through first.
DONE: Final = (
    "core/values", "core/records/keys.py", "core/records/merging.py", "core/imports/plan.py",
    "core/imports/key_index.py",
)  # fmt: skip

#: File, scope, line and change: a mutant is known by them as long as nobody changes the code there.
Key = tuple[str, str, str, str]


def main() -> int:
    """Try the mutants of some modules, print the survivors, and return 1 if any is not explained."""
    options = _options()
    files = sorted(set(_files(options.parts or DONE)))
    mutants = [mutant for file in files for mutant in mutants_of(file, (PACKAGE / file).read_bytes())]
    explained = read_explained()
    wanted = [mutant for mutant in mutants if mutant_key(mutant) not in explained]
    print(f"{len(mutants)} mutants of {len(files)} modules; {len(mutants) - len(wanted)} are explained and not tried")
    survivors = _survivors(wanted, files, options)
    stale = sorted(key for key in explained.keys() - {mutant_key(one) for one in mutants} if key[0] in files)
    for key in stale:
        print(f"explained.toml explains what there is not any more: {': '.join(key)}")
    return 1 if survivors or stale else 0


def _survivors(mutants: Sequence[Mutant], files: Sequence[str], options: argparse.Namespace) -> int:
    """Print the mutants that survive, and return how many do."""
    began, survivors = time.monotonic(), 0
    known = reach(files, options.tests)
    print(f"{len(known.seconds)} tests pass in {time.monotonic() - began:.0f} s", flush=True)
    for outcome in outcomes(mutants, known, at_once=options.processes):
        if outcome.survives:
            survivors += 1
            print(_told(outcome), flush=True)
    print(f"{survivors} of {len(mutants)} mutants survive; {time.monotonic() - began:.0f} s")
    return survivors


def read_explained() -> dict[Key, str]:
    """Return why mutants that survive may do so."""
    with EXPLAINED.open("rb") as file:
        return {
            (one["file"], one["scope"], one["line"], change): one["why"]
            for one in tomllib.load(file)["mutants"]
            for change in one["changes"]
        }


def mutant_key(mutant: Mutant) -> Key:
    """Return what a mutant is known by."""
    return (mutant.file, mutant.scope, mutant.text, mutant.change)


def _told(outcome: Outcome) -> str:
    mutant = outcome.mutant
    reached = f"{outcome.tests} tests reach it" if outcome.tests else "no test reaches it"
    where = f" in {mutant.scope}" if mutant.scope else ""
    return f"src/prismd/{mutant.file}:{mutant.line}{where}: {mutant.text}\n    {mutant.change}    ({reached})"


def _files(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        path = PACKAGE / part
        if not path.exists() or not path.is_relative_to(PACKAGE / "core"):
            sys.exit(f"{part}: expected a module or a directory of src/prismd/core, such as core/values")
        for file in [path] if path.is_file() else path.rglob("*.py"):
            yield str(file.relative_to(PACKAGE))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of the core, such as core/queries (default: {' '.join(DONE)})")
    parser.add_argument("--tests", nargs="+", default=["tests/core"], help="that must notice (default: tests/core)")
    parser.add_argument("--processes", type=int, default=2, help="at a time (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
