"""What `prismd import` was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked for on the command line.

    Args:
        file: The file to import.
        object_type: What its rows are.
        options: The import's options on the wire (contract, sections 10.1 and 22).
        form: The file's format, or None to tell by the name.
        encoding: The file's encoding.
        delimiter: The sign between cells, or None to find it.
        separator: The sign between values inside a cell.
        clear_token: The text of a cell that erases, or None.
        nulls_are_blank: Leave out null in JSON, instead of sending it to clear a value.
        apostrophes: ``strip`` takes away those that protect cells from spreadsheets, ``keep`` sends them, None refuses
            them but in files of failed rows, whose they are.
        ignore_unknown_columns: Leave out columns that are no property that can be written.
        batch_rows: The most rows of a request.
        failed: Where failed rows go; None for a name beside the file that is free.
        results: Where all results go, or None.
        again: Begin anew where an earlier run stopped.
    """

    file: Path
    object_type: str
    options: Mapping[str, object]
    form: str | None
    encoding: str
    delimiter: str | None
    separator: str
    clear_token: str | None
    nulls_are_blank: bool
    apostrophes: str | None
    ignore_unknown_columns: bool
    batch_rows: int
    failed: Path | None
    results: Path | None
    again: bool

    @property
    def reading(self) -> dict[str, object]:
        """What decides how the file becomes requests."""
        names = (
            "form", "encoding", "delimiter", "separator", "clear_token", "nulls_are_blank", "apostrophes",
            "ignore_unknown_columns", "batch_rows",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    @property
    def failed_path(self) -> Path:
        """Where failed rows go, if the name is free."""
        return (self.failed or self.file.with_name(f"{self.file.name}.failed.csv")).absolute()
