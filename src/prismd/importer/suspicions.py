"""Finds probable mistakes in a file while it is checked, before anything is sent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from prismd.core.values.blanks import is_blank
from prismd.core.wording.quoting import quoted
from prismd.files.csv_rows import JSON_ARRAYS, CsvRows
from prismd.files.failed_cells import is_escaped
from prismd.files.rows import FileRow
from prismd.importer.calls import ClientError

_SEPARATORS: Final = ",;|"
_OTHER_DELIMITERS: Final = ";\t|"
_APOSTROPHES: Final = re.compile(r"\s*'.*'\s*", re.DOTALL)
_BUCKETS: Final = ("default", "extended")


@dataclass(slots=True)
class _Found:
    """Cells or rows of one kind: their number, and the first of them."""

    unit: str = "cell"
    count: int = 0
    row: int = 0
    text: str = ""

    def note(self, row: FileRow, text: str) -> None:
        self.count += 1
        if self.count == 1:
            self.row, self.text = row.number, text

    def __str__(self) -> str:
        return (
            f"{self.count:,} {self.unit}{'' if self.count == 1 else 's'} (first: row {self.row}, {quoted(self.text)})"
        )


@dataclass(slots=True)
class CsvSuspicions:
    """Checks the cells of a CSV file.

    Args:
        source: The file, with the plan of its columns.
        minds_apostrophes: Whether to refuse cells with apostrophes that protect them from spreadsheets.
    """

    source: CsvRows
    minds_apostrophes: bool
    _arrays: dict[str, _Found] = field(default_factory=dict)
    _lists: dict[tuple[str, str], _Found] = field(default_factory=dict)
    _formulas: dict[str, _Found] = field(default_factory=dict)
    _in_apostrophes: _Found = field(default_factory=lambda: _Found(unit="row"))
    _in_one_column: _Found = field(default_factory=_Found)
    _positions: list[tuple[int, str]] = field(init=False)
    _alone: bool = field(init=False)

    def __post_init__(self) -> None:
        """Find the columns whose cells have several values."""
        sent = self.source.multiple - self.source.ignored
        self._positions = [(position, slug) for position, slug in enumerate(self.source.columns) if slug in sent]
        self._alone = len(self.source.columns) == 1 and not sent

    def look(self, row: FileRow) -> None:
        """Check a row.

        Raises:
            ClientError: The row seems to come from a file of failed rows that has lost its first columns.
        """
        if row.wire is None:
            return
        cells = row.original
        together = "\0".join(cells)
        if self.minds_apostrophes and "'" in together:
            self._look_for_apostrophes(row)
        if '="' in together:
            self._look_for_formulas(row)
        if "'" in together and all(_APOSTROPHES.fullmatch(cell) for cell in cells if not is_blank(cell)):
            self._in_apostrophes.note(row, together.replace("\0", self.source.delimiter))
        if self._alone and any(sign in together for sign in _OTHER_DELIMITERS):
            self._in_one_column.note(row, together)
        for position, slug in self._positions:
            if position < len(cells):
                self._look_at_values(row, slug, cells[position])

    def sentences(self) -> Iterator[str]:
        """Yield warnings to show before anything is sent."""
        separator = self.source.separator
        for slug, found in self._arrays.items():
            yield (
                f"Column {quoted(slug)}: {found} written like a JSON array, sent as text cut at {quoted(separator)}; "
                f"--multi-separator {JSON_ARRAYS} reads such cells as arrays."
            )
        for (slug, sign), found in self._lists.items():
            expected = JSON_ARRAYS if separator == JSON_ARRAYS else quoted(separator)
            yield (
                f'Column {quoted(slug)}: {found} with "{sign}" where the separator of values is {expected}, each sent '
                f'as one value; --multi-separator "{sign}" splits them.'
            )
        if self._in_apostrophes.count:
            yield (
                f"In apostrophes: {self._in_apostrophes}, sent with them; if they are quotes, export the file again "
                'with those of CSV (").'
            )
        if self._in_one_column.count:
            yield (
                f"The header has one column: {self._in_one_column} with a sign that often stands between cells; if it "
                "does here, the header needs the other names."
            )
        for slug, found in self._formulas.items():
            yield f"Column {quoted(slug)}: {found} with a formula of a spreadsheet, sent as it stands; export values."

    def _look_for_apostrophes(self, row: FileRow) -> None:
        for name, cell in zip(self.source.columns, row.original, strict=False):
            if is_escaped(cell, inside=bool(self.source.lost)):
                raise ClientError(
                    f"row {row.number}, column {quoted(name)}: {quoted(cell)} has an apostrophe that protects from "
                    f"spreadsheets, as cells of a file of failed rows have; {self._advice()}"
                )

    def _advice(self) -> str:
        if self.source.lost:
            columns = ", ".join(f'"{name}"' for name in self.source.lost)
            return (
                f"if it is one, it has lost {columns}: put them back, their cells may be empty; otherwise give "
                "--apostrophes keep"
            )
        return "give --apostrophes strip to take such apostrophes away, or --apostrophes keep to send them"

    def _look_for_formulas(self, row: FileRow) -> None:
        for name, cell in zip(self.source.columns, row.original, strict=False):
            if cell.startswith('="') and name and name not in self.source.ignored:
                self._formulas.setdefault(name, _Found()).note(row, cell)

    def _look_at_values(self, row: FileRow, slug: str, cell: str) -> None:
        separator = self.source.separator
        if separator != JSON_ARRAYS and cell.lstrip().startswith("["):
            try:
                msgspec.json.decode(cell, type=list[object])
            except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
                pass
            else:
                self._arrays.setdefault(slug, _Found()).note(row, cell)
                return
        if separator == JSON_ARRAYS and cell.lstrip().startswith("["):
            return
        if separator in cell:
            return
        for sign in _SEPARATORS:
            if sign in cell and sign != separator:
                self._lists.setdefault((slug, sign), _Found()).note(row, cell)
                return


@dataclass(slots=True)
class JsonSuspicions:
    """Checks the members of rows that are JSON.

    Args:
        read_only: Slugs of properties that only the server sets.
        updates: Whether null clears values of existing records.
    """

    read_only: frozenset[str]
    updates: bool
    _rows: int = 0
    _counts: Counter[str] = field(default_factory=Counter)
    _nulls: _Found = field(default_factory=_Found)
    _names: re.Pattern[bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Compile the pattern that lets most rows be skipped."""
        words = [b'"%s"' % re.escape(slug.encode()) for slug in self.read_only] + [b"null"] * self.updates
        self._names = re.compile(b"|".join(words) or b"(?!)")

    def look(self, row: FileRow) -> None:
        """Check a row."""
        if row.wire is None:
            return
        self._rows += 1
        if not self._names.search(row.wire):
            return
        members: dict[str, msgspec.Raw] = msgspec.json.decode(row.wire, type=dict[str, msgspec.Raw])
        for bucket in _BUCKETS:
            if bucket in members:
                self._look_at(row, bytes(members[bucket]))

    def check(self) -> None:
        """Refuse a file in which every row sets a property that only the server sets.

        Raises:
            ClientError: Every row sets such properties; the message names the slugs.
        """
        everywhere = [slug for slug, count in self._counts.items() if count == self._rows]
        if everywhere:
            slugs = ", ".join(f'"{slug}"' for slug in sorted(everywhere))
            raise ClientError(f"every row sets {slugs}, which the server alone sets; take that out of the rows")

    def sentences(self) -> Iterator[str]:
        """Yield warnings to show before anything is sent."""
        if self._nulls.count:
            found = self._nulls
            rows = "row has" if found.count == 1 else "rows have"
            yield (
                f'{found.count:,} {rows} null (first: row {found.row}, "{found.text}"), which clears the value of a '
                "matched record; --null keep leaves it as it is."
            )

    def _look_at(self, row: FileRow, bucket: bytes) -> None:
        try:
            values = msgspec.json.decode(bucket, type=dict[str, msgspec.Raw])
        except msgspec.DecodeError:
            return
        self._counts.update(self.read_only.intersection(values))
        if self.updates:
            null = next((slug for slug, value in values.items() if bytes(value) == b"null"), None)
            if null is not None:
                self._nulls.note(row, null)
