"""The problems of an import, grouped by their cause: what is wrong, with which property, in values of which form.

A value that names something, such as an option or a record, is its own form, because one decision about it mends all
its rows. Of any other value the form tells how it is written: ``31.12.2024`` and ``01.02.1999`` are ``99.99.9999``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prismd.core.imports.failed_rows import FailedRow
from prismd.core.json.text import encode

#: Codes of problems whose value names something, so that equal values have one cause.
_NAMING: Final = frozenset({"invalid_option", "not_found", "multiple_matches"})
#: Codes of problems of the row, whatever its values are.
_OF_ROWS: Final = frozenset({"missing_required", "missing_key", "internal_error"})

_FORM_CHARS_MAX: Final = 60
_EXAMPLES_MAX: Final = 5
_ROWS_MAX: Final = 10
_EXAMPLE_CHARS_MAX: Final = 200

_DIGITS: Final = re.compile(r"[0-9]")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_BUCKETS: Final = ("default", "extended")


@dataclass(slots=True)
class ProblemGroup:
    """Rows that are refused for the same cause.

    Args:
        code: The code of the problem.
        slug: Slug of the property; None if the problem is the row's.
        form: The form of the values; None if there is none, or if the group holds the values of many forms.
        message: The message of the first row.
        first_row: Index of the first row.
        count: Number of rows.
        is_rest: Whether the group holds what is left over because there are too many forms.
        examples: The first different values, as JSON.
        rows: Indices of the first rows.
    """

    code: str
    slug: str | None
    form: str | None
    message: str
    first_row: int
    count: int = 0
    is_rest: bool = False
    examples: list[Any] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def add(self, index: int, value: Any) -> None:  # noqa: ANN401 - JSON is any value
        """Count a row.

        Args:
            index: Index of the row.
            value: Its value; None if it has none.
        """
        self.count += 1
        if len(self.rows) < _ROWS_MAX:
            self.rows.append(index)
        if value is not None and len(self.examples) < _EXAMPLES_MAX and (shown := _shown(value)) not in self.examples:
            self.examples.append(shown)


class ProblemGroups:
    """Groups the problems of rows as they are read, in memory that does not grow with the rows.

    Args:
        groups_max: The most groups told apart; further forms are counted together, by code and property.
    """

    def __init__(self, groups_max: int) -> None:
        self._groups_max = groups_max
        self._groups: dict[tuple[str, str | None, str | None, bool], ProblemGroup] = {}
        #: Number of rows that have a problem.
        self.failed = 0

    def add(self, failed: FailedRow) -> None:
        """Count the problems of a failed row, each cause once."""
        self.failed += 1
        counted = set[int]()
        for problem in failed.problems:
            value = value_of(failed.row, problem.get("property"))
            group = self._group(problem, value, failed.index)
            if id(group) not in counted:
                counted.add(id(group))
                group.add(failed.index, value)

    def _group(self, problem: Mapping[str, Any], value: Any, index: int) -> ProblemGroup:  # noqa: ANN401 - as above
        code, slug = problem["code"], problem.get("property")
        form = form_of(code, value)
        key = (code, slug, form, False)
        if key not in self._groups and len(self._groups) >= self._groups_max:
            key = (code, slug, None, True)
        if key not in self._groups:
            self._groups[key] = ProblemGroup(code, slug, key[2], problem["message"], index, is_rest=key[3])
        return self._groups[key]

    def ordered(self) -> list[ProblemGroup]:
        """Return the groups, that of the most rows first."""
        return sorted(self._groups.values(), key=lambda group: (-group.count, group.first_row, group.code))


def form_of(code: str, value: Any) -> str | None:  # noqa: ANN401 - JSON is any value
    """Return the form of a value for a problem; None if the problem has no value.

    Args:
        code: The code of the problem.
        value: The value as it was sent; None if the row has none.
    """
    if value is None or code in _OF_ROWS:
        return None
    text = value if isinstance(value, str) else encode(value).decode()
    if code in _NAMING:
        return text if len(text) <= _EXAMPLE_CHARS_MAX else f"{text[:_EXAMPLE_CHARS_MAX]}…"
    if not isinstance(value, str):
        return {bool: "true or false", list: "an array", dict: "an object"}.get(type(value), "a number")
    form = _LETTERS.sub("a", _DIGITS.sub("9", text[: _FORM_CHARS_MAX + 1]))
    return form if len(text) <= _FORM_CHARS_MAX else "a long text"


def value_of(row: Any, slug: str | None) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the value that a row has for a property; None if it has none.

    Args:
        row: The row as it was sent, as decoded from JSON.
        slug: Slug of the property; None for a problem of the row.
    """
    if slug is None or not isinstance(row, dict):
        return None
    buckets = [row.get(name) for name in _BUCKETS]
    lists = row.get("list")
    if isinstance(lists, dict):
        buckets += [lists, *lists.values()]
    return next((bucket[slug] for bucket in buckets if isinstance(bucket, dict) and slug in bucket), None)


def _shown(value: Any) -> Any:  # noqa: ANN401 - JSON is any value
    text = value if isinstance(value, str) else encode(value).decode()
    if len(text) <= _EXAMPLE_CHARS_MAX:
        return value
    return f"{text[:_EXAMPLE_CHARS_MAX]}…"
