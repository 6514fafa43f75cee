"""Looking at an uploaded file: how it is read, what its columns become, and what is in doubt."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.files import StoredFile
from prismd.core.mapping.document import MappingDocument
from prismd.core.mapping.targets import Targets, targets_of
from prismd.core.tables.answers import MAP, answer_fault
from prismd.core.tables.columns.profile import told_name
from prismd.core.tables.questions import Question
from prismd.core.wording.quoting import nearest, quoted
from prismd.files.deciding.asking import InDoubtError, NobodyToAsk
from prismd.files.deciding.table_mapping import Mapper, TableMapping
from prismd.files.deciding.table_order import OrderError, TableOrder
from prismd.files.deciding.table_reading import OpenedTable, TableReader
from prismd.files.decoding import canonical_encoding
from prismd.files.formats import form_of
from prismd.files.limits import FileLimits
from prismd.files.packing import MemberInDoubtError, Source, content_of
from prismd.files.rows import FileProblemError
from prismd.files.sampling import ROWS_MAX
from prismd.services.files.contents import StoredContent
from prismd.services.mappings.mappings import decided_before
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store import properties

#: The formats whose rows name properties themselves.
ROWS_BY_SLUG: Final = ("json", "ndjson")
#: The files that one process looks at at once: each may take a process of its own for a workbook.
_LOOKS_MAX: Final = 4
_LOOKS: Final = threading.BoundedSemaphore(_LOOKS_MAX)
_RETRY_AFTER_S: Final = 2
_SHOWN_MAX: Final = 20
_OPTION: Final = re.compile(r"--([a-z][a-z-]*)")
_MEMBERS: Final = {"header-lines": "header", "footer-rows": "footer"}
#: Answers that choose what is read, and are no part of the profile.
_CHOICES: Final = ("sheet", "member")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody says about a file.

    Args:
        answers: Answers by the keys of their questions.
        form: The format; None finds it.
        document: The mapping of all columns; None for proposals.
        make_properties: Make a property for each column that has none.
        leave_out: Leave out each column that has no property.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    form: str | None = None
    document: MappingDocument | None = None
    make_properties: bool = False
    leave_out: bool = False

    def order(self) -> TableOrder:
        """Return the same as what readers of tables take."""
        pairs = {key.partition(":")[2]: text for key, text in self.answers.items() if key.startswith(f"{MAP}:")}
        about = {key: text for key, text in self.answers.items() if not key.startswith(f"{MAP}:")}
        return TableOrder(
            sheet=about.pop("sheet", None),
            member=about.pop("member", None),
            answers=about,
            document=None if self.document is None else "",
            pairs=pairs,
            make_properties=self.make_properties,
            leave_out=self.leave_out,
        )


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at a file found.

    Args:
        form: Its format; empty where even that is in doubt.
        table: Its table; None for rows by slug, and where it is in doubt which one is meant.
        mapping: What its columns become; None where nobody asked.
        questions: What is in doubt.
        document: The mapping, if nothing is in doubt.
        targets: The team's properties.
    """

    form: str
    table: OpenedTable | None = None
    mapping: TableMapping | None = None
    questions: tuple[Question, ...] = ()
    document: MappingDocument | None = None
    targets: Targets = field(default_factory=dict)


class OneDocument:
    """Earlier mappings of nobody, and the one that a request gives.

    Args:
        document: The given one.
        known: Earlier mappings of the team, the newest first.
    """

    def __init__(self, document: MappingDocument | None, known: Sequence[MappingDocument] = ()) -> None:
        self._document, self._known = document, known

    def wanted(self, _name: str) -> MappingDocument:
        """Return the given mapping."""
        assert self._document is not None  # noqa: S101 - an order names a document only if there is one
        return self._document

    def earlier(self) -> Sequence[MappingDocument]:
        """Return earlier mappings, the newest first."""
        return self._known


def checked_answers(answers: Mapping[str, str], field_of: str) -> dict[str, str]:
    """Return answers in the form in which readers take them.

    Args:
        answers: By the keys of their questions.
        field_of: Where they stand in the request; ``{}`` is the key.

    Raises:
        PrismdError: ``invalid_request``: an answer means nothing.
    """
    found = {}
    for key, value in answers.items():
        fault = answer_fault(key, value)
        if fault:
            raise PrismdError.invalid(field_of.format(key), f"{fault}, found {quoted(value)}", "enum")
        found[key] = {"tab": "\t"}.get(value, value) if key == "delimiter" else value
    if "encoding" in found:
        try:
            found["encoding"] = canonical_encoding(found["encoding"])
        except FileProblemError as error:
            raise PrismdError.invalid(field_of.format("encoding"), str(error), "enum") from None
    return found


@contextmanager
def looked_at(session: Session, file: StoredFile, asked: Asked, object_type: str | None) -> Iterator[Looked]:
    """Look at a file by samples, and give what was found; its table can be read as long as this lasts.

    Args:
        session: The session of the team; no transaction is open.
        file: A whole file.
        asked: What somebody says about it.
        object_type: What its rows are, where columns are to be mapped.

    Raises:
        PrismdError: ``unreadable_file``; ``invalid_request``: what somebody says means nothing; ``too_many_requests``.
    """
    settings = session.settings
    if not _LOOKS.acquire(timeout=settings.request_turn_s):
        message = f"{_LOOKS_MAX} files are being looked at, the most there may be at once; try again"
        raise PrismdError("too_many_requests", message, retry_after_s=_RETRY_AFTER_S)
    try:
        with ExitStack() as stack:
            yield _Look(session, StoredContent(session, file), asked, object_type).found(stack)
    except FileProblemError as error:
        raise unreadable(error) from None
    except OrderError as error:
        raise PrismdError.invalid(f".{error.option}", as_members(error.problem), "enum") from None
    finally:
        _LOOKS.release()


def limits_of(settings: Settings, *, samples: bool) -> FileLimits:
    """Return what reading a file on a server may cost.

    Args:
        settings: The settings in force.
        samples: Whether only samples are read.
    """
    limits = FileLimits(
        unpacked_bytes_max=settings.file_unpacked_bytes_max,
        sampled_bytes_max=settings.file_sampled_bytes_max,
        plain_bytes_max=settings.workbook_bytes_max,
    )
    if not samples:
        return limits
    wait_s = settings.file_profile_s
    return FileLimits(
        unpacked_bytes_max=limits.unpacked_bytes_max,
        sampled_bytes_max=limits.sampled_bytes_max,
        plain_bytes_max=limits.plain_bytes_max,
        rows_max=ROWS_MAX + 1,
        child_cpu_s=wait_s,
        child_silence_s=wait_s,
    )


def unreadable(error: FileProblemError) -> PrismdError:
    """Return the error for a file that cannot be read."""
    return PrismdError("unreadable_file", f"the file cannot be read: {as_members(str(error))}")


def as_members(text: str) -> str:
    """Return a sentence with members of a request in the place of options of the command line."""
    return _OPTION.sub(lambda one: f"`{_MEMBERS.get(one[1], one[1].replace('-', '_'))}`", text)


def reader_of(asked: Asked, limits: FileLimits, stack: ExitStack) -> TableReader:
    """Return what opens the table of a file as somebody says, and leaves questions open.

    Args:
        asked: What somebody says about it.
        limits: What reading it may cost.
        stack: Gives temporary files back at its end.
    """
    encoding = asked.answers.get("encoding", "utf-8")
    return TableReader(
        asked.order(), asked.form, encoding, NobodyToAsk(), stack, standard_input=False, limits=limits
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at a file, by samples.

    Args:
        session: The session of the team.
        source: The file.
        asked: What somebody says about it.
        object_type: What its rows are, where columns are to be mapped.
    """

    session: Session
    source: Source
    asked: Asked
    object_type: str | None

    def found(self, stack: ExitStack) -> Looked:
        limits = limits_of(self.session.settings, samples=True)
        form = self.asked.form or self._form(limits)
        targets: Targets = {} if self.object_type is None else self.session.do(_targets, self.object_type)
        if form in ROWS_BY_SLUG:
            return Looked(form, targets=targets)
        try:
            opened = reader_of(self.asked, limits, stack).opened(self.source)
        except InDoubtError as error:
            return Looked(form or "", questions=error.questions, targets=targets)
        _check_columns(self.asked, opened)
        return self._mapped(opened, targets)

    def _mapped(self, opened: OpenedTable, targets: Targets) -> Looked:
        if self.object_type is None:
            return Looked(opened.form, opened, questions=opened.questions)
        earlier = self.session.do(decided_before, self.object_type)
        known = [one.document for one in earlier if one.document is not None]
        mapper = Mapper(self.asked.order(), self.object_type, targets, OneDocument(self.asked.document, known))
        mapping = mapper.looked_at(opened)
        questions = (*opened.questions, *mapping.questions)
        document = None if questions else mapper.settled(opened, NobodyToAsk()).document
        return Looked(opened.form, opened, mapping, questions, document, targets)

    def _form(self, limits: FileLimits) -> str | None:
        """Return the format of the file; None where it is in doubt which file of an archive is meant."""
        try:
            content = content_of(self.source, self.asked.answers.get("member"), limits)
        except MemberInDoubtError:
            return None
        return form_of(content)


def _check_columns(asked: Asked, opened: OpenedTable) -> None:
    """Refuse answers about columns that the table does not have."""
    names = [told_name(column.name, column.position) for column in opened.profile.columns]
    for key in asked.answers:
        name, sign, column = key.partition(":")
        if sign and name != MAP and column not in names:
            shown = ", ".join(map(quoted, names[:_SHOWN_MAX]))
            message = f"there is no column {quoted(column)}{nearest(column, names)}; the table has {shown}"
            raise PrismdError.invalid(f".answers.{key}", message, "enum")


def _targets(transaction: Transaction, object_type: str) -> Targets:
    return targets_of(properties.load_schema(transaction.connection, transaction.team_id, object_type))
