"""The check of a table before anything is sent: what it is, what its columns become, and every row of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from prismd.cli.importing.order import Order
from prismd.cli.importing.saved_mappings import SavedMappings
from prismd.cli.importing.shown_table import column_lines, table_lines
from prismd.core.mapping.document import Column, MappingDocument, document_of
from prismd.core.mapping.problems import MappingFaultsError
from prismd.core.mapping.rows import RowMapping
from prismd.core.mapping.targets import Targets
from prismd.core.tables.questions import Question, Reading
from prismd.core.wording.quoting import nearest, quoted
from prismd.files.csv_rows import CsvRows
from prismd.files.deciding.asking import Asker, InDoubtError, NobodyToAsk
from prismd.files.deciding.table_mapping import Mapper, TableMapping, columns_of
from prismd.files.deciding.table_order import OrderError, TableOrder
from prismd.files.deciding.table_reading import OpenedTable, TableReader
from prismd.files.failed_cells import FAILED_COLUMNS
from prismd.files.kept_rows import KeptRows
from prismd.files.mapped_file import MappedFile
from prismd.files.opening import Survey
from prismd.files.rows import CHUNK_BYTES, FileProblemError, FileRow
from prismd.files.tables import TextTable
from prismd.importer.calls import ClientError
from prismd.importer.missing_options import MissingOptions
from prismd.importer.new_properties import NewProperties, properties_to_make, with_new
from prismd.importer.suspicions import CsvSuspicions

#: The name of the question whether missing options are to be made.
_OPTIONS: Final = "options"
#: Its answer where only labels are missing, about which nobody is asked.
OF_LABELS: Final = "labels"


class Decided(msgspec.Struct, frozen=True):
    """What was decided about a table, kept so that an interrupted import goes on with the same requests.

    Args:
        answers: Answers about the table, by the keys of their questions.
        mapping: The mapping document as JSON values.
    """

    answers: dict[str, str]
    mapping: dict[str, Any]


class Remembered(Protocol):
    """Finds what an interrupted import of the same file decided."""

    def __call__(self, sha256: str, reading: Mapping[str, object]) -> Decided | None:
        """Return the decisions, or None.

        Args:
            sha256: Hexadecimal hash of the file's bytes.
            reading: The arguments that determine how the file becomes requests.
        """
        ...


@dataclass(frozen=True, slots=True)
class LookedOverTable:
    """A table that can be imported.

    Args:
        file: The file with its mapping.
        survey: The findings of one pass through it.
        decided: What was decided about it.
        new: The properties to be made first.
        ignored: Columns that are not sent.
        empty: Columns that must have no value, because none had one.
        notes: Sentences for people.
        shown: How the table is read and mapped, as lines.
        flags: The choices that were not sure by themselves, by column.
    """

    file: MappedFile
    survey: Survey
    decided: Decided
    new: NewProperties
    ignored: list[str]
    empty: list[str]
    notes: list[str]
    shown: list[str]
    flags: Mapping[str, str]

    @property
    def creates_options(self) -> bool:
        """Whether missing options are to be made."""
        return self.decided.answers.get(_OPTIONS) in ("create", OF_LABELS)


@dataclass(frozen=True, slots=True)
class TableLook:
    """Looks over tables.

    Args:
        order: The arguments of the command.
        targets: The team's properties.
        saved: The user's mappings.
        asker: Answers what is in doubt.
        stack: Gives temporary files back at its end.
        kept: Keeps the rows for when they are sent.
    """

    order: Order
    targets: Targets
    saved: SavedMappings
    asker: Asker
    stack: ExitStack
    kept: KeptRows

    def looked_over(self, tell: Callable[[int], None], remembered: Remembered) -> LookedOverTable:
        """Open the table, map its columns and read it once.

        Args:
            tell: Called with the number of bytes read so far.
            remembered: Finds what an interrupted import decided.

        Raises:
            FileProblemError: The file cannot be imported.
            InDoubtError: Something is in doubt, and nobody can be asked.
            ClientError: The command line contradicts the file or the properties.
        """
        sha256 = _hash_of(self.order.file, tell)
        decided = remembered(sha256, self.order.reading_of_table)
        opened, found = self._decided_before(decided) if decided else self._decided_now()
        document = found.document
        assert document is not None  # noqa: S101 - the mapping is settled
        decided = decided or Decided(dict(opened.answers), msgspec.to_builtins(document))
        new = NewProperties(properties_to_make(document, self.targets))
        sent = _without_new(document, new) if self.order.options.get("dry_run") else document
        file = self._mapped(opened, sent, new)
        self._check_key(document)
        suspicions = self._suspicions(opened)
        missing = MissingOptions({rule.to: self.targets[rule.to] for rule in sent.rules if rule.to in self.targets})

        def look(row: FileRow) -> None:
            self.order.hold(row)
            if suspicions:
                suspicions.look(row)
            new.look(row)
            missing.look(row)
            self.kept.keep(row)

        rows = file.count_rows(tell, look)
        decided, notes = self._with_options(decided, missing, found.made_up)
        return LookedOverTable(
            file=file,
            survey=Survey(sha256, rows),
            decided=decided,
            new=new,
            ignored=[column.name or f"column {column.position + 1}" for column in file.mapping.left_out],
            empty=[column.name or f"column {column.position + 1}" for column in file.mapping.empty],
            notes=[*opened.notes, *found.notes, *(suspicions.sentences() if suspicions else ()), *notes],
            shown=[*table_lines(opened), *column_lines(columns_of(opened), found.taken)],
            flags=found.flags,
        )

    def _decided_now(self) -> tuple[OpenedTable, TableMapping]:
        opened = self._opened(self.order.table, self.asker)
        mapper = self._mapper()
        try:
            return self._mapped_now(opened, mapper)
        except OrderError as error:
            raise ClientError(str(error)) from None

    def _mapped_now(self, opened: OpenedTable, mapper: Mapper) -> tuple[OpenedTable, TableMapping]:
        if opened.questions:
            # Nobody can be asked: what the columns leave open is told together with what the table leaves open.
            raise InDoubtError([*opened.questions, *mapper.looked_at(opened).questions])
        found = mapper.settled(opened, self.asker)
        if self.order.table.save_as and found.document is not None:
            where = self.saved.save(self.order.table.save_as, found.document)
            found = replace(found, notes=(*found.notes, where))
        return opened, found

    def _suspicions(self, opened: OpenedTable) -> CsvSuspicions | None:
        """Return what looks for probable mistakes in a text, such as apostrophes of a damaged file of failed rows."""
        table = opened.table
        if not isinstance(table, TextTable):
            return None
        lost = tuple(name for name in FAILED_COLUMNS if name not in table.names)
        damaged = bool(lost) and len(lost) < len(FAILED_COLUMNS)
        sign = opened.profile.dialect.delimiter if opened.profile.dialect else ","
        rows = CsvRows(table.names, sign, lost=lost if damaged else ())
        return CsvSuspicions(rows, minds_apostrophes=self.order.apostrophes is None and not table.marks)

    def _with_options(
        self, decided: Decided, missing: MissingOptions, made_up: frozenset[str]
    ) -> tuple[Decided, list[str]]:
        """Ask whether missing options are to be made, and say what becomes of the rows that need them."""
        if not missing.found or self.order.options.get("create_missing_options"):
            return decided, []
        sentences = list(missing.sentences())
        answer = decided.answers.get(_OPTIONS)
        if answer is None and missing.properties <= made_up:
            # Labels are words that people made up, so that each of them is an option.
            answers = {**decided.answers, _OPTIONS: OF_LABELS}
            return msgspec.structs.replace(decided, answers=answers), [*sentences, "They become options."]
        if answer is None:
            readings = (
                Reading("create", "make these options first", " ".join(sentences)),
                Reading("refuse", "refuse the rows that need them", ""),
            )
            try:
                _, answer = self.asker.answer([Question(_OPTIONS, None, readings, "--create-missing-options")])
            except InDoubtError:
                advice = "The rows that need them are refused; --create-missing-options makes them."
                return decided, [*sentences, advice]
        answers = {**decided.answers, _OPTIONS: answer}
        return msgspec.structs.replace(decided, answers=answers), []

    def _decided_before(self, decided: Decided) -> tuple[OpenedTable, TableMapping]:
        answers = {**self.order.table.answers, **decided.answers}
        opened = self._opened(replace(self.order.table, answers=answers), NobodyToAsk())
        return opened, TableMapping(document_of(decided.mapping), {}, {})

    def _opened(self, order: TableOrder, asker: Asker) -> OpenedTable:
        reader = TableReader(
            order, self.order.form, self.order.encoding, asker, self.stack, standard_input=self.order.is_standard_input
        )
        opened = reader.opened(self.order.file)
        if isinstance(opened.table, TextTable) and self.order.apostrophes == "strip":
            return replace(opened, table=replace(opened.table, strips=True))
        return opened

    def _mapper(self) -> Mapper:
        separator = self.order.separator if "multi_separator" in self.order.explicit else None
        return Mapper(
            self.order.table, self.order.object_type, self.targets, self.saved, separator, self.order.clear_token
        )

    def _mapped(self, opened: OpenedTable, document: MappingDocument, new: NewProperties) -> MappedFile:
        targets = with_new(self.targets, new.wanted)
        try:
            mapping = RowMapping(document, opened.table.names, targets, self.order.object_type)
        except MappingFaultsError as error:
            raise ClientError(str(error)) from None
        return MappedFile(opened.table, mapping)

    def _check_key(self, document: MappingDocument) -> None:
        slug = self.order.options.get("dedupe_by")
        slugs = [rule.to for rule in document.rules]
        if isinstance(slug, str) and slug not in slugs:
            hint = nearest(slug, slugs)
            raise ClientError(f"--dedupe-by: no column becomes {quoted(slug)}{hint}; map one to it with --map")


def _without_new(document: MappingDocument, new: NewProperties) -> MappingDocument:
    """Return a mapping for a dry run, in which properties that are not there yet are left out."""
    left = [rule for rule in document.rules if rule.to in new.wanted]
    kept = tuple(rule for rule in document.rules if rule.to not in new.wanted)
    mapped = {_key(column) for rule in kept for column in rule.columns}
    columns = {_key(column): column for rule in left for column in rule.columns if _key(column) not in mapped}
    return msgspec.structs.replace(document, rules=kept, leave_out=(*document.leave_out, *columns.values()))


def _key(column: str | Column) -> tuple[str, int | None]:
    return (column, None) if isinstance(column, str) else (column.column, column.nth)


def _hash_of(path: Path, tell: Callable[[int], None]) -> str:
    digest, count = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                count += len(chunk)
                tell(count)
    except OSError as error:
        raise FileProblemError(f"cannot be read: {error.strerror}") from None
    return digest.hexdigest()
