"""A part of the corpus on each run of the tests: nothing is silently wrong, and what can be known is not asked."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.files.corpus.flaws import FLAWS
from tests.files.corpus.judging import ASKED, EXACT, WRONG, judged
from tests.files.corpus.layouts import layouts
from tests.files.corpus.making import FILES, made_files

PART = 4 * len(FLAWS)


@pytest.mark.parametrize("first", [0, 1_000])
def test_no_made_file_is_silently_wrong(first: int) -> None:
    judgements = [(file, judged(file)) for file in made_files(PART, first=first)]
    assert [(file.name, found.reason) for file, found in judgements if found.outcome == WRONG] == []
    assert all(found.outcome == ASKED for file, found in judgements if file.answers)
    plain = Counter(found.outcome for file, found in judgements if not file.answers)
    assert plain[EXACT] >= 0.9 * sum(plain.values()), plain
    settled = [found.settled for _, found in judgements if found.outcome == ASKED]
    assert all(settled)


def test_no_layout_is_silently_wrong() -> None:
    judgements = [(file, judged(file)) for file in layouts()]
    assert [(file.name, found.reason) for file, found in judgements if found.outcome == WRONG] == []
    exact = sum(found.outcome == EXACT for _, found in judgements)
    assert exact >= 0.95 * len(judgements)
    assert len(judgements) >= 150


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert FILES >= 2_000
    assert len(FLAWS) >= 24
    assert [file.data for file in made_files(8)] == [file.data for file in made_files(8)]
