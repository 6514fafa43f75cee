"""The public shape of the profile of a file: how it is read, what its columns hold, and what they may become."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from prismd.api.files.questions import Decision, FileQuestion, shown_decisions, shown_questions
from prismd.core.mapping.document import written_document
from prismd.core.mapping.proposal import Proposal
from prismd.files.deciding.column_choices import value_of
from prismd.files.deciding.table_facts import column_facts, table_facts
from prismd.files.deciding.table_mapping import columns_of
from prismd.services.files.looking import Looked


class ColumnProposal(Struct, frozen=True, kw_only=True):
    """What a column may become."""

    becomes: Annotated[str, Meta(description="A slug, `+slug` for a property to be made, `-` for nothing.")]
    confidence: Annotated[float, Meta(ge=0, le=1)]
    reason: str
    sure: Annotated[bool, Meta(description="Whether it is taken without asking.")]


class ProfiledColumn(Struct, frozen=True, kw_only=True):
    """What is known about a column from samples of the file."""

    name: str
    rows: Annotated[int, Meta(description="Rows looked at.")]
    filled: int
    distinct: int
    distinct_is_least: bool
    unique: bool
    kinds: Annotated[list[str], Meta(description="What all its cells may be.")]
    examples: list[str]
    becomes: Annotated[str | None, Meta(description="What is sure; null where it is in doubt.")] | UnsetType = UNSET
    proposals: Annotated[list[ColumnProposal], Meta(description="The best first.")] | UnsetType = UNSET


class FileProfile(Struct, frozen=True, kw_only=True):
    """How a file is read. With an object type, also what its columns become."""

    format: Annotated[str, Meta(description="Empty as long as it is in doubt which file of an archive is meant.")]
    encoding: str | None = None
    delimiter: str | None = None
    header_lines: int | None = None
    first_line: int | None = None
    footer_rows: int | None = None
    decisions: list[Decision] = []
    notes: list[str] = []
    columns: Annotated[list[ProfiledColumn], Meta(description="None for JSON, whose members are properties.")] = []
    questions: Annotated[list[FileQuestion], Meta(description="What is in doubt; empty if nothing is.")] = []
    mapping: (
        Annotated[dict[str, Any] | None, Meta(description="The mapping document, if nothing is in doubt.")] | UnsetType
    ) = UNSET


def shown_profile(looked: Looked) -> FileProfile:
    """Return the shape of what a look at a file found."""
    questions = shown_questions(looked.questions)
    opened = looked.table
    if opened is None:
        return FileProfile(format=looked.form, questions=questions)
    facts = {**table_facts(opened), "decisions": shown_decisions(opened.profile.decisions)}
    columns = [
        ProfiledColumn(**{**column_facts(column), "examples": list(column.examples), **_becomes(looked, at)})
        for at, column in enumerate(columns_of(opened))
    ]
    document = msgspec.json.decode(written_document(looked.document)) if looked.document else None
    mapping = UNSET if looked.mapping is None else document
    return FileProfile(**facts, notes=list(opened.notes), columns=columns, questions=questions, mapping=mapping)


def _becomes(looked: Looked, at: int) -> dict[str, Any]:
    mapping = looked.mapping
    if mapping is None or mapping.proposals is None:
        return {}
    taken = mapping.taken.get(at)
    ranked = mapping.proposals.columns[at].ranked
    return {
        "becomes": None if taken is None else value_of(taken),
        "proposals": [_shown(one) for one in ([taken, *ranked] if taken and taken not in ranked else ranked)],
    }


def _shown(one: Proposal) -> ColumnProposal:
    return ColumnProposal(becomes=value_of(one), confidence=one.confidence, reason=one.reason, sure=one.sure)
