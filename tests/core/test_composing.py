"""Composing: as Unicode says where people write, and never more work than the text is long."""

from __future__ import annotations

import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.records.keys import normalised
from prismd.core.values import composing
from prismd.core.values.composing import MARKS_MAX, composed

MARKS = "\u0301\u0327\u0345\u05b0\u3099\U0001d165"


def longest_run(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        longest = max(longest, run)
    return longest


@given(st.text() | st.text(alphabet="aé가ᄀ\u1161" + MARKS, max_size=60))
@example("e\u0301\u0327")
def test_what_people_write_is_composed_as_unicode_says(text: str) -> None:
    if longest_run(text) <= MARKS_MAX:
        assert composed(text) == unicodedata.normalize("NFC", text)


@given(st.lists(st.text(alphabet=MARKS, max_size=200) | st.text(max_size=5), max_size=5).map("".join))
@example("a" + "\u0301" * 100)
def test_composing_loses_nothing(text: str) -> None:
    def shown(some: str) -> list[str]:
        return sorted(unicodedata.normalize("NFD", some))

    assert shown(composed(text)) == shown(text)


def test_of_more_than_thirty_marks_each_thirty_are_composed_by_themselves() -> None:
    """Thirty as in the Stream-Safe Text Format (UAX #15): a cedilla goes before the acutes of its thirty alone."""
    for before in ("", "text "):
        thirty, more = before + "a" + "\u0301" * 29 + "\u0327", before + "a" + "\u0301" * 30 + "\u0327"
        assert composed(thirty) == unicodedata.normalize("NFC", thirty)
        assert composed(more) == before + "\u00e1" + "\u0301" * 29 + "\u0327"
    assert composed("\u0301" * 90 + "\u0327") == "\u0301" * 90 + "\u0327"


@pytest.mark.parametrize("marks", ["\u0301\u0327", "\u0327\u0301", "\u0345\u0301\u05b0"])
@pytest.mark.parametrize("doublings", range(5))
def test_twice_the_marks_are_twice_the_work(monkeypatch: pytest.MonkeyPatch, marks: str, doublings: int) -> None:
    work = 0

    def normalize(form: Any, text: str) -> str:
        nonlocal work
        work += sum(1 for char in text if not unicodedata.combining(char)) + longest_run(text) ** 2
        return unicodedata.normalize(form, text)

    monkeypatch.setattr(composing, "unicodedata", type("Counted", (), {"normalize": staticmethod(normalize)}))
    text = ("a" + marks * 2_000) * 2**doublings
    composed(text)
    assert work <= len(text) * (MARKS_MAX + 2)


def test_no_mark_is_forgotten() -> None:
    marks = [char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.combining(char)]
    assert set(composing._MARK) == set(marks)


def test_a_key_of_marks_alone_is_made_at_once() -> None:
    # 180,000 marks took CPython minutes, and every team waited.
    text = "a" + "\u0301\u0327" * 90_000
    assert len(normalised(text, fold_case=True)) > MARKS_MAX
