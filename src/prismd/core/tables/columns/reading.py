"""Reads the cells of one column one by one, in bounded memory, and says what they have in common."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

import msgspec

from prismd.core.tables.cells import Cell, cell_text
from prismd.core.tables.columns.dates import written_date
from prismd.core.tables.columns.form_tracking import DateTracker, NumberTracker, Seen
from prismd.core.tables.columns.forms import DateForm, NumberForm
from prismd.core.tables.columns.profile import ColumnProfile
from prismd.core.tables.columns.words import (
    ALL_BOOLEAN_WORDS,
    WORD_CHARS_MAX,
    boolean_words,
    is_null_word,
    is_zero_date,
)
from prismd.core.values.blanks import is_blank

#: The most different cells that are remembered of one column, as hashes.
DISTINCT_MAX: Final = 100_000

_EXAMPLES_MAX: Final = 5
#: So many different cells are few enough to be told, each of as many characters as an example has.
_VALUES_MAX: Final = 200
_EXAMPLE_CHARS_MAX: Final = 200
_TEXT_CHARS_MAX: Final = 2_048
_NULL_WORDS_MAX: Final = 20
_PHONE_DIGITS: Final = range(7, 16)
_SEPARATORS: Final = (";", "|", ",", "\n", "/")
_PATTERNS: Final = {
    "email": re.compile(r"(?:mailto:)?[^\s@,;<>()\"]+@[^\s@,;<>()\"]+\.[^\s@,;<>().\"]{2,}"),
    "url": re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE),
    "domain": re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_]{2,24}"),
    "phone": re.compile(r"(?=[+(0]|\d[\d() ]*[ ./-])(?:\+|00)?[\d() ./-]+(?: ?(?:x|ext\.?) ?\d{1,6})?", re.IGNORECASE),
}
_OF_TYPES: Final[tuple[tuple[type | tuple[type, ...], frozenset[str]], ...]] = (
    (bool, frozenset({"boolean"})),
    (int, frozenset({"integer", "number"})),
    (Decimal, frozenset({"number"})),
    (datetime, frozenset({"datetime"})),
    (date, frozenset({"date"})),
)


class ColumnReader:
    """Takes the cells of one column.

    Args:
        position: Its position in the row, from 0.
        name: Its name in the header.
        distinct_max: The most different cells to remember.
    """

    def __init__(self, position: int, name: str = "", *, distinct_max: int = DISTINCT_MAX) -> None:
        self.position, self.name = position, name
        self.rows = self.filled = 0
        self.dates, self.numbers = DateTracker(), NumberTracker()
        self.nulls = Counter[str]()
        #: Cells such as 0/0/00, by which programs write that there is no date.
        self.zero_dates = dict[str, Seen]()
        self.first_null: Seen | None = None
        #: The first cell that was seen before, and the line at which it was seen first.
        self.duplicate: tuple[Seen, int] | None = None
        self._distinct_max = distinct_max
        self._lines: dict[int, int] = {}
        self._beyond = False
        self._examples: list[str] = []
        self._values: list[str] | None = []
        self._patterns = dict(_PATTERNS)
        self._json = True
        self._words: set[str] | None = set()
        self._types: frozenset[str] | None = None
        self._texts = 0
        self._separated = Counter[str]()

    def add(self, line: int, cell: Cell) -> None:
        """Take the cell of one row.

        Args:
            line: The line at which the row begins.
            cell: The cell.
        """
        self.rows += 1
        text = cell if isinstance(cell, str) else cell_text(cell)
        if not text or is_blank(text):
            return
        self.filled += 1
        if not self._is_new(line, text):
            if text in self.nulls:
                self.nulls[text] += 1
            return
        if len(self._examples) < _EXAMPLES_MAX:
            self._examples.append(text[:_EXAMPLE_CHARS_MAX])
        self._keep(text)
        if isinstance(cell, str):
            self._add_text(line, text)
        else:
            self._add_typed(cell)

    def profile(self) -> ColumnProfile:
        """Return what the cells so far have in common."""
        return ColumnProfile(
            self.position, self.name, self.rows, self.filled, len(self._lines), tuple(self._examples), self._kinds(),
            self._date_forms(), self._number_forms(), self._boolean_words(), self._null_words(),
            self._likely_separators(), self.duplicate is None and not self._beyond, self._beyond,
            tuple(self._values or ()),
        )  # fmt: skip

    def _keep(self, text: str) -> None:
        """Keep a cell among the few values of the column, or let them go where they are many."""
        if self._values is None:
            return
        if len(self._values) >= _VALUES_MAX or len(text) > _EXAMPLE_CHARS_MAX:
            self._values = None
        elif not is_null_word(text):
            self._values.append(text)

    def _is_new(self, line: int, text: str) -> bool:
        key = hash(text)
        first = self._lines.get(key)
        if first is not None:
            self.duplicate = self.duplicate or (Seen(line, text), first)
            return False
        if len(self._lines) < self._distinct_max:
            self._lines[key] = line
        else:
            self._beyond = True
        return True

    def _add_text(self, line: int, text: str) -> None:
        if is_null_word(text):
            if len(self.nulls) < _NULL_WORDS_MAX:
                self.nulls[text] += 1
            self.first_null = self.first_null or Seen(line, text)
            return
        text = text.strip()
        if is_zero_date(text) and len(self.zero_dates) < _NULL_WORDS_MAX:
            self.zero_dates.setdefault(text, Seen(line, text))
            return
        self._texts += 1
        self.dates.see(text, line)
        self.numbers.see(text, line)
        self._see_words(text)
        for kind, pattern in list(self._patterns.items()):
            if len(text) > _TEXT_CHARS_MAX or not pattern.fullmatch(text) or (kind == "phone" and not _is_phone(text)):
                del self._patterns[kind]
        self._json = self._json and _is_json(text)
        for sign in _SEPARATORS:
            if sign in text and all(part.strip() for part in text.split(sign)):
                self._separated[sign] += 1

    def _see_words(self, text: str) -> None:
        if self._words is None:
            return
        word = text.lower() if len(text) <= WORD_CHARS_MAX else ""
        if word in ALL_BOOLEAN_WORDS and len(self._words | {word}) <= len(("yes", "no")):
            self._words.add(word)
        else:
            self._words = None

    def _add_typed(self, cell: Cell) -> None:
        fits = next((kinds for types, kinds in _OF_TYPES if isinstance(cell, types)), frozenset[str]())
        if isinstance(cell, time):
            fits = frozenset()
        self._types = fits if self._types is None else self._types & fits

    def _kinds(self) -> frozenset[str]:
        kinds = self._kinds_of_others()
        # Beside anything but dates, a zero date is a text like others.
        return kinds if not self.zero_dates or self.zeros_are_nothing else frozenset({"text"})

    @property
    def zeros_are_nothing(self) -> bool:
        """Whether zero dates stand alone or among dates, so that they mean that there is none."""
        alone = not self._texts and self._types is None
        return bool(self.zero_dates) and (alone or bool(self._kinds_of_others() & {"date", "datetime"}))

    def _kinds_of_others(self) -> frozenset[str]:
        if not self._texts and self._types is None:
            return frozenset({"text"})
        kinds = set[str]()
        if self._texts:
            kinds = self._kinds_of_texts()
        if self._types is not None:
            kinds = kinds & self._types if self._texts else set(self._types)
        return frozenset(kinds | {"text"})

    def _kinds_of_texts(self) -> set[str]:
        kinds = set(self._patterns)
        if self.numbers.forms():
            kinds |= {"number"} | ({"integer"} if self.numbers.whole else set())
        if self.dates.forms():
            kinds.add("datetime" if self.dates.moments else "date")
        if self._boolean_words():
            kinds.add("boolean")
        return kinds | ({"json"} if self._json else set())

    @property
    def _is_text(self) -> bool:
        """Whether zero dates stand beside other cells than dates, so that no form reads all cells."""
        return bool(self.zero_dates) and not self.zeros_are_nothing

    def _date_forms(self) -> tuple[DateForm, ...]:
        return () if self._is_text else self.dates.forms()

    def _number_forms(self) -> tuple[NumberForm, ...]:
        return () if self._is_text else self.numbers.forms()

    def _null_words(self) -> tuple[str, ...]:
        return (*self.nulls, *(self.zero_dates if self.zeros_are_nothing else ()))

    def _boolean_words(self) -> tuple[str, str] | None:
        return boolean_words(frozenset(self._words)) if self._words and not self.zero_dates else None

    def _likely_separators(self) -> tuple[str, ...]:
        return tuple(sign for sign, _ in self._separated.most_common())


def _is_phone(text: str) -> bool:
    return sum(char.isdigit() for char in text) in _PHONE_DIGITS and written_date(text) is None


def _is_json(text: str) -> bool:
    if text[:1] not in ("{", "[") or len(text) > _TEXT_CHARS_MAX:
        return False
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
    return True
