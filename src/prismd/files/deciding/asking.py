"""Who answers questions about a file: a person, or nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from prismd.core.tables.questions import Question

#: Answers that stand for all further columns in doubt.
MAKE_ALL: Final = "m"
LEAVE_ALL: Final = "l"


class InDoubtError(Exception):
    """Something about a file is in doubt, and nobody can be asked.

    Args:
        questions: What is in doubt, at least one thing.
    """

    def __init__(self, questions: Sequence[Question]) -> None:
        super().__init__(f"{counted(len(questions))} open")
        self.questions = tuple(questions)


class Asker(Protocol):
    """Answers questions."""

    def answer(self, questions: Sequence[Question]) -> tuple[Question, str]:
        """Return one of several questions, and its answer.

        Args:
            questions: At least one.

        Raises:
            InDoubtError: Nobody can be asked.
        """
        ...

    def reject(self, why: str) -> None:
        """Say why an answer means nothing.

        Args:
            why: A sentence.
        """
        ...


class NobodyToAsk:
    """Leaves every question open."""

    def answer(self, questions: Sequence[Question]) -> tuple[Question, str]:
        """Refuse to answer.

        Raises:
            InDoubtError: Always.
        """
        raise InDoubtError(questions)

    def reject(self, why: str) -> None:
        """Never called, because there is no answer."""
        raise AssertionError(why)


def counted(count: int) -> str:
    """Return a number of questions as the beginning of a sentence, up to its verb.

    Args:
        count: At least one.
    """
    return "1 question is" if count == 1 else f"{count:,} questions are"
