"""The public shape of what is in doubt about a file, and of what is sure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from prismd.core.tables import questions
from prismd.core.tables.questions import Question, title


class QuestionReading(Struct, frozen=True, kw_only=True):
    """One way to read what is in doubt."""

    value: Annotated[str, Meta(description="The answer that chooses it.")]
    meaning: str
    evidence: Annotated[str, Meta(description="How the file's own text reads this way.")]


class FileQuestion(Struct, frozen=True, kw_only=True):
    """What only a person can tell about a file."""

    key: Annotated[str, Meta(description="The member of `answers` that answers it.")]
    name: str
    column: str | None
    question: str
    readings: Annotated[list[QuestionReading], Meta(description="The likeliest first.")]


class Decision(Struct, frozen=True, kw_only=True):
    """What is sure about how a file is read, with its proof."""

    name: str
    column: str | None
    value: str
    evidence: str


def shown_questions(open_questions: Iterable[Question]) -> list[FileQuestion]:
    """Return the shape of questions."""
    return [
        FileQuestion(
            key=one.key,
            name=one.name,
            column=one.column,
            question=title(one),
            readings=[
                QuestionReading(value=reading.value, meaning=reading.meaning, evidence=reading.evidence)
                for reading in one.readings
            ],
        )
        for one in open_questions
    ]


def shown_decisions(decisions: Iterable[questions.Decision]) -> list[Decision]:
    """Return the shape of decisions."""
    return [
        Decision(name=one.name, column=one.column, value=one.value, evidence=one.evidence) for one in decisions
    ]  # fmt: skip
