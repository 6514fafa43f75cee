from __future__ import annotations

from functools import reduce

import pytest

from prismd.importer.sentences import merged, pattern_of


def told(*messages: str) -> str:
    assert len(set(map(pattern_of, messages))) == 1
    return reduce(merged, messages, messages[0])


@pytest.mark.parametrize(
    ("messages", "sentence"),
    [
        (
            ['there is no property "emial"; did you mean "email"?'],
            'there is no property "emial"; did you mean "email"?',
        ),
        (
            [
                '`bio` cannot hold the text "a": it has 1,200 characters and may have at most 1,000',
                '`bio` cannot hold the text "b": it has 1,300 characters and may have at most 1,000',
            ],
            '`bio` cannot hold the text "…": it has # characters and may have at most 1,000',
        ),
        (['`age` must be a number such as 42 or "-1.50", not the text "x"'],
         '`age` must be a number such as 42 or "-1.50", not the text "…"'),
        (["`n` must be at most 5, not the number 7", "`n` must be at most 5, not the number 9"],
         "`n` must be at most 5, not the number #"),
        (['there is no contact with the address "a@x"', 'there is no contact with the address "b@x"'],
         'there is no contact with the address "…"'),
        (['x, found "a"; did you mean "b"?', 'x, found "c"; did you mean "b"?'], 'x, found "…"; did you mean "b"?'),
    ],
)  # fmt: skip
def test_names_and_limits_stay_and_what_was_found_goes(messages: list[str], sentence: str) -> None:
    assert told(*messages) == sentence


def test_other_proposals_are_other_sentences() -> None:
    assert pattern_of('no "a"; did you mean "b"?') != pattern_of('no "a"; did you mean "c"?')
