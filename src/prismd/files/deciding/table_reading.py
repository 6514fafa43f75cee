"""Opens the table of a file: its format, its sheet and its layout, as proved, as given, or as answered."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import msgspec

from prismd.core.tables.profile import TableProfile, profile_of, profile_of_rows
from prismd.core.tables.questions import Question, Reading
from prismd.files.child.messages import Found
from prismd.files.child.program import Task
from prismd.files.child.reading import SheetInDoubtError, read_in_child
from prismd.files.deciding.asking import Asker, InDoubtError
from prismd.files.deciding.table_order import TableOrder
from prismd.files.formats import COLUMNAR, TABLES, form_of
from prismd.files.limits import LIMITS, MEBIBYTE, FileLimits
from prismd.files.packing import Content, MemberInDoubtError, Source, content_of
from prismd.files.rows import FileProblemError
from prismd.files.sampling import rows_to_look_at, samples_of
from prismd.files.spooled_rows import SpooledRows, spooled
from prismd.files.tables import CellTable, Table, TextTable
from prismd.files.vcards import VcardTable

#: The library of columnar files reserves much more memory than it uses.
_COLUMNAR_BYTES: Final = 8 * 1024 * MEBIBYTE
#: What is sure about a table whose names come apart from its rows: they are taken for a row of the number 0.
_OF_COLUMNAR: Final[Mapping[str, str]] = {"skip_rows": "-1", "header": "1", "footer": "0", "short_rows": "blank"}
_READINGS_MAX: Final = 50


class EmptyTableError(FileProblemError):
    """The file holds no table."""


@dataclass(frozen=True, slots=True)
class OpenedTable:
    """A table of a file, ready to be read.

    Args:
        content: The file.
        form: Its format.
        table: Its rows.
        answers: What was given and answered, by the keys of the questions.
        questions: What is still open, where questions were to be collected.
        notes: What people should know about the file.
    """

    content: Content
    form: str
    table: Table
    answers: Mapping[str, str]
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def profile(self) -> TableProfile:
        """How the table is read."""
        return self.table.profile


class TableReader:
    """Opens tables; what is in doubt is asked, or collected.

    Args:
        order: What somebody says.
        form: The format, where somebody says it.
        encoding: The encoding of a file of vCards.
        asker: Answers questions.
        stack: Gives temporary files back at its end.
        standard_input: Whether the file has no name that tells its format.
        limits: What reading it may cost.
    """

    def __init__(
        self,
        order: TableOrder,
        form: str | None,
        encoding: str,
        asker: Asker,
        stack: ExitStack,
        *,
        standard_input: bool,
        limits: FileLimits = LIMITS,
    ) -> None:
        self._order, self._form, self._encoding, self._asker, self._stack = order, form, encoding, asker, stack
        self._standard_input, self._limits = standard_input, limits
        self.answers = dict(order.answers)

    def opened(self, source: Source) -> OpenedTable:
        """Open the table of a file.

        Args:
            source: The file.

        Raises:
            EmptyTableError: It holds no table.
            FileProblemError: It cannot be read.
            InDoubtError: Which file of an archive or which sheet is meant is in doubt, and nobody can be asked.
        """
        opened = self._opened(source)
        if not any(column.name or column.filled for column in opened.profile.columns):
            raise EmptyTableError("the file holds no table; expected a header and rows")
        return opened

    def _opened(self, source: Source) -> OpenedTable:
        content = self._content(source)
        form = self._form or form_of(content, needs_name=not self._standard_input)
        if form in ("json", "ndjson"):
            named = f"; name it with --member {shlex.quote(content.member)}" if content.member else ""
            raise FileProblemError(
                f"the file is JSON, whose members are properties already, and no table to map{named}"
            )
        if form in TABLES:
            rows = self._rows(content, form)
            self._stack.callback(rows.close)
            looked, ends = rows_to_look_at(rows)
            fixed = {} if rows.found.header is None else _OF_COLUMNAR
            profile, questions = self._settled(lambda answers: profile_of_rows(looked, {**fixed, **answers}, ends=ends))
            table: Table = CellTable(rows, profile)
            return OpenedTable(content, form, table, self.answers, questions, rows.found.notes)
        samples = samples_of(content)
        profile, questions = self._settled(lambda answers: profile_of(samples, answers))
        return OpenedTable(content, form, TextTable(content, profile), self.answers, questions)

    def _content(self, source: Source) -> Content:
        try:
            return content_of(source, self.answers.get("member", self._order.member), self._limits)
        except MemberInDoubtError as error:
            self._ask(_which("member", "--member", [(name, False) for name in error.members]))
            return self._content(source)

    def _rows(self, content: Content, form: str) -> SpooledRows:
        if form == "vcard":
            cards = VcardTable(self._encoding)
            rows = cards.rows(_bounded(content.chunks(), self._limits.plain_bytes_max))
            return spooled(rows, lambda count: Found(tuple(cards.columns), notes=tuple(cards.sentences()), rows=count))
        limits = self._limits
        if form in COLUMNAR:
            limits = msgspec.structs.replace(limits, child_memory_bytes=_COLUMNAR_BYTES)
        task = Task(form, limits, self.answers.get("sheet", self._order.sheet))
        with content.as_plain_file() as path:
            try:
                return read_in_child(path, task)
            except SheetInDoubtError as error:
                self._ask(_which("sheet", "--sheet", error.sheets))
                return self._rows(content, form)

    def _ask(self, question: Question) -> None:
        _, answer = self._asker.answer([question])
        self.answers[question.key] = answer

    def _settled(
        self, profile_for: Callable[[Mapping[str, str]], TableProfile]
    ) -> tuple[TableProfile, tuple[Question, ...]]:
        """Return the profile once its questions are answered, or with those that nobody answers."""
        while True:
            profile = profile_for(self.answers)
            if not profile.questions:
                return profile, ()
            try:
                question, answer = self._asker.answer(profile.questions)
            except InDoubtError:
                return profile, profile.questions
            self.answers[question.key] = answer


def _bounded(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    count = 0
    for chunk in chunks:
        count += len(chunk)
        if count > most:
            raise FileProblemError(f"a file of vCards may have at most {most:,} bytes; split it")
        yield chunk


def _which(name: str, flag: str, choices: Sequence[tuple[str, bool]]) -> Question:
    readings = (Reading(choice, f'"{choice}"{" (hidden)" if hidden else ""}', "") for choice, hidden in choices)
    return Question(name, None, tuple(readings)[:_READINGS_MAX], flag)
