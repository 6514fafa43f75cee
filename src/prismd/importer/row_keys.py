"""The de-duplication key of a row, as the file writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from prismd.core.values.blanks import is_blank
from prismd.files.csv_rows import CsvRows
from prismd.files.rows import Columns, FileRow

_BUCKETS: Final = ("default", "extended", "list")


def part_decoder(members: Iterable[tuple[str, str]]) -> Callable[[bytes], Any]:
    """Return a decoder of some members of the object ``default`` of a row; those that are not there are ``UNSET``.

    It raises ``msgspec.ValidationError`` where a row has no such object.

    Args:
        members: The name of each in what is decoded, an identifier, and its name in the row.
    """
    known = list(members)
    inner = msgspec.defstruct("Default", [(name, Any, msgspec.UNSET) for name, _ in known], rename=dict(known))
    return msgspec.json.Decoder(msgspec.defstruct("Row", [("default", inner)])).decode


class RowKeys:
    """Finds the value of the de-duplication property in rows.

    Args:
        slug: The property.
        source: The file that the rows come from.
    """

    def __init__(self, slug: str, source: Columns) -> None:
        self.slug = slug
        self._decode = part_decoder([("key", slug)])
        self._position: int | None = None
        self._clear_token: str | None = None
        if isinstance(source, CsvRows) and not source.holds_json and slug in source.columns:
            self._position, self._clear_token = source.columns.index(slug), source.clear_token

    def of(self, row: FileRow) -> str | None:
        """Return the key; None if the row has no value for the property.

        Args:
            row: A row that can be sent.
        """
        if self._position is None:
            return _shown(self._from_json(row.wire or b"{}"))
        cell = row.original[self._position] if self._position < len(row.original) else ""
        return None if is_blank(cell) or cell == self._clear_token else cell

    def _from_json(self, wire: bytes) -> object:
        # Nearly all rows have the value where it is looked for first, so no more of them is decoded.
        try:
            value = self._decode(wire).default.key
        except (msgspec.ValidationError, AttributeError):
            value = msgspec.UNSET
        return self._searched(wire) if value is msgspec.UNSET else value

    def _searched(self, wire: bytes) -> object:
        buckets: dict[str, Any] = msgspec.json.decode(wire)
        for name in _BUCKETS:
            values = buckets.get(name)
            if not isinstance(values, dict):
                continue
            if self.slug in values:
                return values[self.slug]
            # Values of a list may be nested under the list's id.
            for inner in values.values():
                if isinstance(inner, dict) and self.slug in inner:
                    return inner[self.slug]
        return None


def _shown(value: object) -> str | None:
    if value is None or value == [] or (isinstance(value, str) and is_blank(value)):
        return None
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
