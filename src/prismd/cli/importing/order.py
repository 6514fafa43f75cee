"""The arguments of `prismd import`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prismd.files.deciding.table_order import TableOrder
from prismd.files.formats import TABLES
from prismd.files.rows import FileProblemError, FileRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The arguments of the command line.

    Args:
        file: The file to import.
        object_type: The type of its rows.
        options: The import's options on the wire (contract, sections 10.1 and 22).
        form: The file's format, or None to find it by the name.
        encoding: The file's encoding.
        delimiter: The character between cells, or None to find it.
        separator: The character between values inside a cell.
        clear_token: The text of a cell that clears a value, or None.
        nulls_are_blank: Leave out null in JSON, instead of sending it to clear a value.
        apostrophes: ``strip`` removes those that protect cells from spreadsheets, and ``keep`` sends them. None removes
            them in files of failed rows and refuses them in other files.
        ignore_unknown_columns: Leave out columns that are no writable property.
        batch_rows: The most rows of a request.
        read_ahead: The most requests that are read and made ahead.
        failed: Path of the file of failed rows; None for a free name beside the imported file.
        results: Path of the file of all results, or None.
        again: Start over where an earlier run stopped.
        table: What is said about the table of the file.
        explicit: The names of the options that the command line has; others hold defaults.
        stops: Whether a row that cannot be read as decided ends the import before anything is sent.
        standard_input: The name of standard input in messages, where the file is a copy of it.
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
    read_ahead: int
    failed: Path | None
    results: Path | None
    again: bool
    table: TableOrder = field(default_factory=TableOrder)
    explicit: frozenset[str] = frozenset()
    stops: bool = False
    standard_input: str | None = None

    def hold(self, row: FileRow) -> None:
        """Hold a row to what was decided about the file, where its rows must all be read as decided.

        Args:
            row: Any row of the file.

        Raises:
            FileProblemError: It cannot be read so.
        """
        if self.stops and row.problem is not None:
            raise FileProblemError(
                f"row {row.number:,} (line {row.line:,}) cannot be read as decided: {row.problem.message}; nothing of "
                "the file was sent, as --on-contradiction stop says"
            )

    @property
    def is_standard_input(self) -> bool:
        """Whether the file is a copy of standard input."""
        return self.standard_input is not None

    @property
    def shown(self) -> Path:
        """The file as people know it."""
        return Path(self.standard_input) if self.standard_input else self.file

    @property
    def wants_table(self) -> bool:
        """Whether the command line says something that only a mapped table can follow."""
        answers = self.table.answers.keys() - {"encoding", "delimiter"}
        return bool(answers or self.table.sheet or self.table.asks_for_mapping or self.form in TABLES)

    @property
    def reading_of_table(self) -> dict[str, object]:
        """The arguments that determine how a table becomes requests."""
        return {**self.reading, "table": self.table.identity}

    @property
    def reading(self) -> dict[str, object]:
        """The arguments that determine how the file becomes requests."""
        names = (
            "form", "encoding", "delimiter", "separator", "clear_token", "nulls_are_blank", "apostrophes",
            "ignore_unknown_columns", "batch_rows",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    @property
    def failed_path(self) -> Path:
        """Path of the file of failed rows, if the name is free."""
        return (self.failed or self.shown.with_name(f"{self.shown.name}.failed.csv")).absolute()
