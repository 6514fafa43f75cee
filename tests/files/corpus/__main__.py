"""Prints how many files of the corpus prismd reads exactly, asks about and gets silently wrong, and its peers too."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from tests.files.corpus.judging import ASKED, EXACT, FAILED, MISSED, REFUSED, WRONG, Judgement, judged
from tests.files.corpus.layouts import layouts
from tests.files.corpus.making import FILES, made_files
from tests.files.corpus.peers import peers
from tests.files.corpus.writing import MadeFile

_OUTCOMES = (EXACT, ASKED, MISSED, REFUSED, FAILED, WRONG)


def main() -> int:
    """Judge the corpus, print the figures, and return 1 where prismd is silently wrong."""
    arguments = _arguments()
    made, real = list(made_files(arguments.files)), list(layouts())
    print(f"{len(made)} files made by seed, {len(real)} layouts of programs and offices")
    wrong = 0
    for title, files in (("made", made), ("layouts", real)):
        began = time.perf_counter()
        judgements = [(file, judged(file)) for file in files]
        wrong += _tell_prismd(title, judgements, time.perf_counter() - began, all_of_them=arguments.all)
        for name, reader in peers().items():
            _tell_peer(title, name, files, reader)
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make corpus", description=__doc__)
    parser.add_argument("--files", type=int, default=FILES, help="how many made files to judge")
    parser.add_argument("--all", action="store_true", help="name each file that is not exact")
    return parser.parse_args()


def _tell_prismd(title: str, judgements: list[tuple[MadeFile, Judgement]], seconds: float, *, all_of_them: bool) -> int:
    counts = Counter(found.outcome for _, found in judgements)
    due = [(file, found) for file, found in judgements if file.answers]
    rightly = sum(found.outcome == ASKED for _, found in due)
    settled = sum(found.settled for _, found in judgements)
    plain = [found for file, found in judgements if not file.answers]
    exact = sum(found.outcome == EXACT for found in plain)
    print(f"\n{title}: prismd, {seconds / len(judgements) * 1000:.0f} ms each: {_counted(counts, len(judgements))}")
    print(f"  whose text has one reading: {exact} of {len(plain)} exact without a question ({exact / len(plain):.2%})")
    if due:
        print(f"  whose text has several readings: {rightly} of {len(due)} asked")
    print(f"  questions whose answers give every cell exactly: {settled} of {counts[ASKED]}")
    _tell_classes(judgements)
    if all_of_them:
        for file, found in judgements:
            if found.outcome != EXACT:
                print(f"    {found.outcome}: {file.name}: {found.reason}")
    for file, found in judgements:
        if found.outcome == WRONG:
            print(f"  WRONG {file.name}: {found.reason}", file=sys.stderr)
    return counts[WRONG]


def _tell_classes(judgements: Iterable[tuple[MadeFile, Judgement]]) -> None:
    classes: dict[str, Counter[str]] = defaultdict(Counter)
    for file, found in judgements:
        classes[file.kind][found.outcome] += 1
    for kind, counts in classes.items():
        print(f"    {kind:28} {', '.join(f'{counts[outcome]} {outcome}' for outcome in _OUTCOMES if counts[outcome])}")


def _tell_peer(title: str, name: str, files: list[MadeFile], reader: Callable[[MadeFile], Judgement]) -> None:
    # What only prismd judges, the values of days and numbers, does not count here, nor does the encoding.
    comparable = [file for file in files if not file.refused and "table" not in file.answers]
    counts = Counter(reader(file).outcome for file in comparable)
    print(f"{title}: {name}, told the encoding, texts alone: {_counted(counts, len(comparable))}")


def _counted(counts: Counter[str], total: int) -> str:
    return ", ".join(
        f"{counts[outcome]} {outcome} ({counts[outcome] / total:.2%})"
        for outcome in _OUTCOMES
        if counts[outcome] or outcome == WRONG
    )


if __name__ == "__main__":
    sys.exit(main())
