"""Failed rows of an import as a table: a token for each row, its values as they were sent, problems beside their cells.

A cell never begins like a formula of a spreadsheet (:mod:`prismd.files.failed_cells`); who reads the table again takes
the apostrophes away and compares: a cell that says what it said stands for the value as it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prismd.core.json.text import NotJsonError, decode, encode

#: The columns before those of the rows.
TOKEN_COLUMN: Final = "row_token"  # noqa: S105 - the name of a column
PROBLEMS_COLUMN: Final = "problems"
#: The column of what has no column of its own: values of lists, and members that are no values.
OTHER_COLUMN: Final = "other"
#: Ends the name of the column that tells the problems of the column before it.
_PROBLEM: Final = " problem"

_TAKEN: Final = (TOKEN_COLUMN, PROBLEMS_COLUMN, OTHER_COLUMN)

#: The most columns of values; further ones stand in :data:`OTHER_COLUMN`.
COLUMNS_MAX: Final = 1_000

_TOKEN: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class RowToken:
    """Which row of which import a row of a table is.

    Args:
        job_id: Id of the import.
        index: Index of the row in the import.
    """

    job_id: str
    index: int

    def __str__(self) -> str:
        return f"{self.job_id}.{self.index}"


def read_row_token(text: str) -> RowToken | None:
    """Return the token that a text is; None if it is none.

    Args:
        text: A cell, or another text.
    """
    found = _TOKEN.fullmatch(text.strip().lower())
    return None if found is None else RowToken(found[1], int(found[2]))


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row that failed.

    Args:
        index: Index of the row in the import.
        problems: Its problems: ``code``, ``message`` and ``property``.
        raw: The row as it was sent, as JSON.
        row: The row, decoded; None if it cannot be decoded.
    """

    index: int
    problems: list[dict[str, Any]]
    raw: bytes
    row: Any


@dataclass(slots=True)
class FailedTable:
    """The columns of a table of failed rows, collected from all of them before the first is written.

    Args:
        job_id: Id of the import.
    """

    job_id: str
    _slugs: dict[str, bool] = field(default_factory=dict)
    _folded: set[str] = field(default_factory=set)
    _has_other: bool = False

    def learn(self, failed: FailedRow) -> None:
        """Take the columns of a row in."""
        wrong = [slug for problem in failed.problems if (slug := problem.get("property")) is not None]
        for slug in (*_values(failed.row), *wrong):
            if slug in self._slugs or self._can_be_column(slug):
                self._folded.add(slug.casefold())
                self._slugs[slug] = self._slugs.get(slug, False) or slug in wrong
        self._has_other = self._has_other or self._other(failed) != ""

    def _can_be_column(self, slug: str) -> bool:
        # Programs that save tables change names with white space at their ends, and mix up those that differ by case.
        plain = slug.isprintable() and slug.strip() == slug and slug != "" and not slug.startswith(("'", '"'))
        folded = slug.casefold()
        taken = folded in self._folded or folded in _TAKEN or folded.endswith(_PROBLEM)
        return plain and not taken and len(self._slugs) < COLUMNS_MAX

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        names = [TOKEN_COLUMN, PROBLEMS_COLUMN]
        for slug, has_problem in self._slugs.items():
            names += [slug, slug + _PROBLEM] if has_problem else [slug]
        return [*names, OTHER_COLUMN] if self._has_other else names

    def cells(self, failed: FailedRow) -> list[str]:
        """Return the cells of a row."""
        values, told = _values(failed.row), _by_slug(failed.problems)
        cells = [str(RowToken(self.job_id, failed.index)), told.get(None, "")]
        for slug, has_problem in self._slugs.items():
            cells.append(cell_of(values[slug]) if slug in values else "")
            if has_problem:
                cells.append(told.get(slug, ""))
        return [*cells, self._other(failed)] if self._has_other else cells

    def _other(self, failed: FailedRow) -> str:
        row = failed.row
        if not isinstance(row, dict):
            return failed.raw.decode(errors="backslashreplace")
        rest = {name: value for name, value in row.items() if name != "default"}
        left = {slug: value for slug, value in _values(row).items() if slug not in self._slugs}
        if left or ("default" in row and not isinstance(row["default"], dict)):
            rest["default"] = left or row["default"]
        return encode(rest).decode() if rest else ""


def cell_of(value: Any) -> str:  # noqa: ANN401 - JSON is any value
    """Return the text of a value in a cell: a text as it is, any other value as JSON.

    Args:
        value: The value as it was sent.
    """
    return str(value) if isinstance(value, str) else encode(value).decode()


def column_of_problem(name: str) -> str | None:
    """Return the column whose problems a column tells; None if it is no such column.

    Args:
        name: The name of a column.
    """
    return name.removesuffix(_PROBLEM) if name.endswith(_PROBLEM) else None


def repaired(original: Any, cells: Mapping[str, str], many: Iterable[str]) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a row after somebody repaired its cells.

    A cell that says what it said keeps the value as it was sent. A blank cell is no value. What has no cell stays.

    Args:
        original: The row as it was sent, decoded.
        cells: The cells by slug, without apostrophes.
        many: Slugs of properties with several values, whose cells can be JSON arrays.
    """
    row: dict[str, Any] = dict(original) if isinstance(original, dict) else {}
    values, arrays = dict(_values(row)), set(many)
    for slug, cell in cells.items():
        if slug in values and cell == cell_of(values[slug]):
            continue
        values.pop(slug, None)
        if cell.strip():
            values[slug] = _changed(cell, is_array=slug in arrays)
    return {**row, "default": values}


def _changed(cell: str, *, is_array: bool) -> Any:  # noqa: ANN401 - JSON is any value
    if is_array and cell.lstrip().startswith("["):
        try:
            found = decode(cell.encode())
        except NotJsonError:
            return cell
        return found if isinstance(found, list) else cell
    return cell


def _values(row: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON is any value
    values = row.get("default") if isinstance(row, dict) else None
    return values if isinstance(values, dict) else {}


def _by_slug(problems: list[dict[str, Any]]) -> dict[str | None, str]:
    """Return the sentences of problems by property; None has them all."""
    told: dict[str | None, list[str]] = {}
    for problem in problems:
        told.setdefault(None, []).append(problem["message"])
        if problem.get("property") is not None:
            told.setdefault(problem["property"], []).append(problem["message"])
    return {slug: "; ".join(dict.fromkeys(sentences)) for slug, sentences in told.items()}
