"""Answers to questions about a table: which there are, and what each may say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

#: Columns become properties by answers of this name: ``map:First Name``.
MAP: Final = "map"
#: What an answer about a whole file may be, and the same in words.
OF_FILES: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "member": (re.compile(r"(?s).+"), "the name of a file in the archive"),
    "sheet": (re.compile(r"(?s).+"), "the name of a sheet"),
    "encoding": (re.compile(r"[\w.:+-]{1,40}"), "the name of an encoding, such as utf-8 or cp1252"),
    "delimiter": (re.compile(r'(?s)[^"\r\n]|tab'), 'one sign other than ", or tab'),
    "quote": (re.compile(r"none|[^\w\s\\]\\?"), "one sign, a backslash behind it where that protects signs, or none"),
    "skip_rows": (re.compile(r"[0-9]{1,6}"), "a number of lines"),
    "header": (re.compile(r"1?[0-9]|20|shifted"), "a number of rows from 0 to 20, or shifted"),
    "footer": (re.compile(r"[0-9]{1,6}"), "a number of rows"),
    "short_rows": (re.compile(r"refused|blank"), "refused or blank"),
    "table": (re.compile(r"[1-9][0-9]{0,5}"), "the number of a table, from 1"),
}
#: What an answer may be that is about all columns, or about one: ``date_format:Birthday``.
OF_COLUMNS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "date_format": (re.compile(r"ymd|dmy|mdy"), "ymd, dmy or mdy"),
    "century": (re.compile(r"[0-9]{4}"), "a year such as 1930"),
    "decimal": (re.compile(r"[.,]"), ". or ,"),
    "null": (re.compile(r"blank|text"), "blank or text"),
}
_TARGET: Final = re.compile(r"(?s)-|\+?[^+\s-].{0,255}")
_SAID_OF_TARGETS: Final = "the slug of a property, + and a slug for a new property, or - for nothing"


def answer_fault(key: str, value: str) -> str | None:
    """Return why an answer means nothing; None if it can mean something.

    Args:
        key: The key of the question, such as ``encoding`` or ``date_format:Birthday``.
        value: The answer.
    """
    name, sign, column = key.partition(":")
    if sign:
        form = (_TARGET, _SAID_OF_TARGETS) if name == MAP else OF_COLUMNS.get(name)
        if form is None or not column:
            return f"no question has this key; of a column are {', '.join((MAP, *OF_COLUMNS))}, then : and its name"
    else:
        form = OF_FILES.get(name) or OF_COLUMNS.get(name)
        if form is None:
            return f"no question has this key; there are {', '.join((*OF_FILES, *OF_COLUMNS))}"
    pattern, expected = form
    return None if pattern.fullmatch(value) else f"expected {expected}"
