"""The profile of a table: all that its samples tell, and the questions that they leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from prismd.core.tables.cells import TableRow, cell_text
from prismd.core.tables.columns.doubts import column_findings
from prismd.core.tables.columns.profile import ColumnProfile
from prismd.core.tables.columns.reading import DISTINCT_MAX, ColumnReader
from prismd.core.tables.dialects.csv_cells import CellRow
from prismd.core.tables.dialects.detection import dialect_of
from prismd.core.tables.dialects.dialect import Dialect
from prismd.core.tables.dialects.trial_readings import rows_in
from prismd.core.tables.encodings.detection import encoding_of, text_of
from prismd.core.tables.layout.detection import Layout, layout_of
from prismd.core.tables.layout.rows import Frame, framed
from prismd.core.tables.lines import lines_of
from prismd.core.tables.questions import Decision, Question
from prismd.core.tables.samples import Sample
from prismd.core.tables.watching import unproved_bytes

#: The most lines of the first sample that are looked at.
LINES_MAX: Final = 12_000

#: So many lines at the end of a longer sample are looked at for a footer.
_LINES_OF_END: Final = 50

#: The most different cells that are remembered over all columns of a table.
_DISTINCT_OF_TABLE_MAX: Final = 1_000_000
_DISTINCT_MIN: Final = 100
_NO_ANSWERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TableProfile:
    """How a table is to be read.

    Args:
        encoding: The canonical name of its encoding; "" where it is no text.
        dialect: How its text is cut into cells; None where it is no text.
        columns: Its columns, in order; columns without any content at the end are left out.
        frame: Where its header and its rows stand.
        decisions: What is sure, with its proof.
        questions: What only a person can tell; the fields above then hold the likeliest reading.
        alike: Other encodings in which the samples are the same text.
        unproved: The bytes that would tell them apart; see :class:`prismd.core.tables.watching.ByteWatch`.
    """

    encoding: str = ""
    dialect: Dialect | None = None
    columns: tuple[ColumnProfile, ...] = ()
    frame: Frame = field(default_factory=Frame)
    decisions: tuple[Decision, ...] = ()
    questions: tuple[Question, ...] = ()
    alike: tuple[str, ...] = ()
    unproved: bytes = b""

    @property
    def first_line(self) -> int:
        """The line at which its header or its first row begins, from 1."""
        return self.frame.first_line

    @property
    def header_lines(self) -> int:
        """The number of rows that are its header; 0 for none."""
        return len(self.frame.header)

    @property
    def footer_rows(self) -> int:
        """The number of rows at its end that are no rows of the table, such as a total."""
        return self.frame.footer_rows


def profile_of(samples: Sequence[Sample], answers: Mapping[str, str] = _NO_ANSWERS) -> TableProfile:
    """Return the profile of a table in a text.

    The first sample tells the dialect, the layout and the columns; every sample tells the encoding; the last one tells
    what stands at the end. Every finding but the encoding needs the check of all rows, as they are read.

    Args:
        samples: Pieces of the file's bytes, by their positions; the first begins the file.
        answers: Answers of a person by the keys of their questions; they take the place of a look at the samples.
    """
    found = encoding_of(samples, answers.get("encoding"))
    head, tail = _lines(samples[0], found.name), None
    if len(samples) > 1 and samples[-1].ends:
        tail = _lines(samples[-1], found.name)
    cut = not samples[0].ends
    if len(head) > LINES_MAX:
        tail = head[-_LINES_OF_END:] if samples[0].ends else tail
        head, cut = head[:LINES_MAX], True
    dialect = dialect_of(head, answers.get("delimiter"), answers.get("quote"), cut=cut)
    rows = rows_in(head[dialect.skipped :], dialect.dialect, above=dialect.skipped, cut=cut)
    last = rows if tail is None else rows_in(tail, dialect.dialect)
    layout = layout_of(rows, last, answers, ends=samples[-1].ends)
    decisions = [*([found.decision] if found.decision else ()), *dialect.decisions, *layout.decisions]
    questions = [*([found.question] if found.question else ()), *dialect.questions, *layout.questions]
    frame = _frame(layout)
    columns = _readers(layout)
    inner = [row for row in framed(iter(rows), frame, ends=not cut and tail is None) if not row.problem]
    for row in inner:
        if row.left_out is None:
            for reader, cell in zip(columns, row.cells, strict=True):
                reader.add(row.line, cell)
    profile = TableProfile(
        found.name, dialect.dialect, (), frame, tuple(decisions), tuple(questions), found.alike,
        unproved_bytes(found.name, found.alike, samples),
    )  # fmt: skip
    return _with_columns(profile, columns, answers)


def profile_of_rows(rows: Sequence[TableRow], answers: Mapping[str, str] = _NO_ANSWERS, *, ends: bool) -> TableProfile:
    """Return the profile of a table whose cells come ready, as from a spreadsheet.

    Args:
        rows: Its first rows.
        answers: As for :func:`profile_of`.
        ends: Whether these are all its rows.
    """
    texts = [CellRow(row.line, [cell_text(cell) for cell in row.cells]) for row in rows]
    typed = {row.line: row.cells for row in rows}
    layout = layout_of(texts, texts, {"short_rows": "blank", **answers}, ends=ends)
    frame, columns = _frame(layout), _readers(layout)
    for row in framed(iter(texts), frame, ends=ends):
        if row.left_out is None and not row.problem:
            for reader, cell in zip(columns, typed[row.line], strict=False):
                reader.add(row.line, cell)
    profile = TableProfile(frame=frame, decisions=tuple(layout.decisions), questions=tuple(layout.questions))
    return _with_columns(profile, columns, answers)


def _lines(sample: Sample, encoding: str) -> list[str]:
    """Return the whole lines of a sample: not the one that its beginning cuts, nor the one that its end cuts."""
    text = text_of([sample], encoding)
    if text is None:
        data = sample.data.decode(encoding, errors="replace")
        text = data.removeprefix("\ufeff")
    lines = list(lines_of(iter([text]), len(text) + 1))
    return lines if sample.ends or len(lines) == 1 else lines[:-1]


def _frame(layout: Layout) -> Frame:
    return Frame(
        len(layout.names), layout.width, layout.first_line, layout.header, layout.last_line, layout.footer_rows,
        layout.short_rows,
    )  # fmt: skip


def _readers(layout: Layout) -> list[ColumnReader]:
    share = max(_DISTINCT_MIN, min(DISTINCT_MAX, _DISTINCT_OF_TABLE_MAX // max(1, len(layout.names))))
    return [ColumnReader(at, name, distinct_max=share) for at, name in enumerate(layout.names)]


def _with_columns(profile: TableProfile, columns: Sequence[ColumnReader], answers: Mapping[str, str]) -> TableProfile:
    findings = [column_findings(reader, answers) for reader in columns]
    return replace(
        profile,
        columns=tuple(finding.profile for finding in findings),
        decisions=(*profile.decisions, *(decision for finding in findings for decision in finding.decisions)),
        questions=(*profile.questions, *(question for finding in findings for question in finding.questions)),
    )
