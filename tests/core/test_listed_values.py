"""Any values can be listed in one parameter, and are read as they were meant."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.errors import PrismdError
from prismd.core.queries.listed_values import listed_values
from tests.bounded_work import bounded_work


def written(value: str) -> str:
    """Return a value as docs/queries.md says that it is written."""
    return '"' + value.replace('"', '""') + '"' if "," in value or value.startswith('"') else value


@given(values=st.lists(st.text() | st.text(alphabet=',"ab \\\t', max_size=5), min_size=1, max_size=4))
@example(values=["Doe, Jane"])
@example(values=[" a", "a ", "\u00a0"])
@example(values=['"'])
@example(values=["", ""])
def test_what_is_listed_is_read_back(values: list[str]) -> None:
    assert list(listed_values(",".join(map(written, values)), "")) == values


@given(text=st.text(alphabet=',"ab ', max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        values = list(listed_values(text, ".query.x"))
    except PrismdError:
        assert '"' in text
    else:
        assert list(listed_values(",".join(map(written, values)), "")) == values
        assert len(values) <= text.count(",") + 1


@pytest.mark.parametrize("text", ['"Jane', '"Jane"x', '"Jane" ,b', '"a""', 'a,"b', '"'])
def test_a_quote_that_does_not_end_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(PrismdError, match='"Doe, ""Jane"""'):
        list(listed_values(text, ".query.x"))


def test_a_long_text_takes_no_longer_by_the_square() -> None:
    texts = ['""' * 100_000, '"' * 200_001, '"",' * 100_000 + '"', "," * 200_000]
    for text in texts:
        with bounded_work(), contextlib.suppress(PrismdError):
            list(listed_values(text, ""))
