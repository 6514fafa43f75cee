"""Misspelt names: one slip away from a known name finds it, and what is unlike every name finds none."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.properties.option_values import option_parser
from prismd.core.properties.schema import Option, Property
from prismd.core.values.errors import InvalidValueError
from prismd.core.wording.near_names import NearNames

LETTERS = st.sampled_from(string.ascii_lowercase + "éж1")
WORDS = st.text(LETTERS, min_size=5, max_size=20)


@st.composite
def slips(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a name, and the name with one slip of the keyboard."""
    name = draw(WORDS)
    place, letter = draw(st.integers(0, len(name) - 2)), draw(LETTERS)
    left, right = name[:place], name[place:]
    return name, draw(
        st.sampled_from([left + right[1:], left + letter + right, left + letter + right[1:],
                         left + right[1] + right[0] + right[2:]])
    )  # fmt: skip


@given(slips())
@example(("Qualified", "Qualifed"))
@example(("In progress", "in_porgress"))
def test_one_slip_finds_the_name(slip: tuple[str, str]) -> None:
    name, written = slip
    assert NearNames({name: 1, "something else altogether": 2}).nearest(written) == 1


@pytest.mark.parametrize("text", ["", "no", "Lost", "q" * 1_000_000, "é", "   ", "qualification"])
def test_what_is_like_no_name_finds_none(text: str) -> None:
    assert NearNames({"Qualified": 1, "Won": 2, "": 3, "x" * 1_000_000: 4}).nearest(text) is None


def test_a_misspelt_option_is_answered_with_the_nearest_that_can_be_given() -> None:
    options = (Option("1", "qualified", "Qualified"), Option("2", "quantified", "Quantified", enabled=False))
    parse = option_parser(Property("p", "stage", "select_str", "Stage", options=options), assigns=True)
    with pytest.raises(InvalidValueError, match=r'the text "qualifeid"; did you mean "Qualified"\?$'):
        parse("qualifeid")
    with pytest.raises(InvalidValueError, match=r'the text "quantifeid"$'):
        parse("quantifeid")


class Counted(dict[str, int]):
    """A dictionary that counts how often it is asked."""

    asked = 0

    def get(self, key: str, default: int | None = None) -> int | None:  # type: ignore[override] # of one type here
        self.asked += 1
        return super().get(key, default)


@pytest.mark.parametrize("names", [10, 5_000])
def test_a_look_up_takes_as_long_among_few_names_as_among_many(names: int) -> None:
    near = NearNames({f"option number {number}": number for number in range(names)})
    near._found = counted = Counted(near._found)
    assert near.nearest("nothing of the kind") is None
    assert counted.asked == len("nothingofthekind") + 1
