"""Changes the rules of the core, one thing at a time, and tells which changes no test notices: `make mutants`."""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from mutants.changes import Mutant, mutants_of
from mutants.runs import PACKAGE, outcomes, reach

EXPLAINED: Final = Path(__file__).with_name("explained.toml")
#: Modules of which every mutant is found or explained.
DONE: Final = ("core/values", "core/records/keys.py", "core/records/merging.py", "core/imports/plan.py")

Key = tuple[str, str, str]


def main() -> int:
    """Try the mutants of some modules, print the survivors, and return 1 if any is not explained."""
    options = _options()
    files = sorted(set(_files(options.parts or DONE)))
    mutants = [mutant for file in files for mutant in mutants_of(file, (PACKAGE / file).read_bytes())]
    explained = read_explained()
    stale = sorted(key for key in explained.keys() - {_key(one) for one in mutants} if key[0] in files)
    wanted = [mutant for mutant in mutants if _key(mutant) not in explained]
    began = time.monotonic()
    print(f"{len(mutants)} mutants of {len(files)} modules; {len(mutants) - len(wanted)} are explained and not tried")
    known = reach(files, options.tests)
    print(f"{len(known.seconds)} tests of {options.tests} pass in {time.monotonic() - began:.0f} s", flush=True)
    survivors = 0
    for outcome in outcomes(wanted, known, at_once=options.processes):
        if outcome.survives:
            survivors += 1
            print(_told(outcome.mutant, outcome.tests), flush=True)
    for file, text, change in stale:
        print(f"explained.toml explains what there is not any more: {file}: {text}: {change}")
    print(f"{survivors} of {len(wanted)} mutants survive; {time.monotonic() - began:.0f} s")
    return 1 if survivors or stale else 0


def read_explained() -> dict[Key, str]:
    """Return why mutants that survive may do so, by file, line and change."""
    with EXPLAINED.open("rb") as file:
        return {
            (one["file"], one["line"], change): one["why"]
            for one in tomllib.load(file)["mutants"]
            for change in one["changes"]
        }


def _key(mutant: Mutant) -> Key:
    return (mutant.file, mutant.text, mutant.change)


def _told(mutant: Mutant, tests: int) -> str:
    reached = f"{tests} tests reach it" if tests else "no test reaches it"
    return f"src/prismd/{mutant.file}:{mutant.line}: {mutant.text}\n    {mutant.change}    ({reached})"


def _files(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        place = PACKAGE / part
        if not place.exists() or not place.is_relative_to(PACKAGE / "core"):
            sys.exit(f"{part}: expected a module or a directory of src/prismd/core, such as core/values")
        for path in [place] if place.is_file() else place.rglob("*.py"):
            yield str(path.relative_to(PACKAGE))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of the core, such as core/queries (default: {' '.join(DONE)})")
    parser.add_argument("--tests", default="tests/core", help="that must notice (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="at a time (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
