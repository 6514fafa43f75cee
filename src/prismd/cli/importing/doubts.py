"""What only a person can tell about a file: asked on a terminal, and told with the flags that answer it elsewhere."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from prismd.cli.importing.progress import Meter
from prismd.core.tables.questions import Question, title
from prismd.files.deciding.asking import Asker


class TerminalAsker:
    """Asks a person.

    Args:
        say: Prints a line.
        read: Prints a prompt and returns what the person types.
    """

    def __init__(self, say: Callable[[str], None], read: Callable[[str], str]) -> None:
        self._say, self._read = say, read

    def answer(self, questions: Sequence[Question]) -> tuple[Question, str]:
        """Ask the first question until it has an answer.

        Args:
            questions: At least one.
        """
        question = questions[0]
        self._say("")
        self._say(title(question))
        for number, reading in enumerate(question.readings, 1):
            self._say(f"  {number}  {reading.meaning}{f'  ({reading.evidence})' if reading.evidence else ''}")
        more = " m makes a property of every column in doubt, l leaves them all out;" if question.name == "map" else ""
        while True:
            typed = self._read(f"  a number, or a value for {question.flag};{more} Enter takes 1: ").strip()
            answer = self._read_answer(question, typed)
            if answer is not None:
                return question, answer
            self._say(f"  expected a number from 1 to {len(question.readings)}, found {typed!r}")

    def reject(self, why: str) -> None:
        """Print why an answer means nothing.

        Args:
            why: A sentence.
        """
        self._say(f"  {why}")

    @staticmethod
    def _read_answer(question: Question, typed: str) -> str | None:
        if not typed:
            return question.readings[0].value
        if typed.isascii() and typed.isdecimal() and 0 < int(typed) <= len(question.readings):
            return question.readings[int(typed) - 1].value
        values = [reading.value for reading in question.readings]
        if typed in values or (question.name == "map" and not typed.isdecimal()):
            return typed
        return None


@dataclass(frozen=True, slots=True)
class PausingAsker:
    """Asks without a progress bar in between.

    Args:
        asker: Answers questions.
        meter: Shows the progress.
    """

    asker: Asker
    meter: Meter

    def answer(self, questions: Sequence[Question]) -> tuple[Question, str]:
        """Return one of several questions, and its answer."""
        self.meter.close()
        return self.asker.answer(questions)

    def reject(self, why: str) -> None:
        """Say why an answer means nothing."""
        self.asker.reject(why)


def flag_for(question: Question, value: str) -> str:
    """Return the part of a command line that answers a question.

    Args:
        question: The question.
        value: Its answer.
    """
    given = value if question.column is None else f"{question.column}={value}"
    return f"{question.flag} {shlex.quote(given)}"


def told(questions: Sequence[Question]) -> Iterator[str]:
    """Yield questions as lines, each reading with the flag that chooses it.

    Args:
        questions: What is open.
    """
    if sum(question.name == "map" for question in questions) > 1:
        yield "--make-properties makes a property for each column that has none."
    for question in questions:
        yield title(question)
        flags = [flag_for(question, reading.value) for reading in question.readings]
        width = max(map(len, flags))
        for flag, reading in zip(flags, question.readings, strict=True):
            evidence = f"  ({reading.evidence})" if reading.evidence else ""
            yield f"  {flag:<{width}}  {reading.meaning}{evidence}"
