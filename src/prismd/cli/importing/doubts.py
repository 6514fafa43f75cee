"""What only a person can tell about a file: asked on a terminal, and told with the flags that answer it elsewhere."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from prismd.cli.importing.progress import Meter
from prismd.core.tables.questions import Question

#: Answers that a terminal takes for all further columns in doubt.
MAKE_ALL: Final = "m"
LEAVE_ALL: Final = "l"

_ABOUT: Final = {
    "member": "Which file of the archive is meant?",
    "sheet": "Which sheet is meant?",
    "encoding": "What is the encoding of the file?",
    "delimiter": "Which sign stands between cells?",
    "quote": "Which sign stands around cells?",
    "skip_rows": "Where does the table begin?",
    "table": "Which table is meant?",
    "header": "Is there a header?",
    "short_rows": "What do rows with too few cells mean?",
    "footer": "Do the last rows belong to the table?",
    "date_format": "In which order are its dates?",
    "century": "In which century are its years of two digits?",
    "decimal": "Which sign stands before decimals?",
    "null": "Do its words for nothing mean that there is no value?",
    "map": "What does it become?",
    "options": "Some values are no options yet. What becomes of them?",
}


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


def counted(count: int) -> str:
    """Return a number of questions as the beginning of a sentence, up to its verb.

    Args:
        count: At least one.
    """
    return "1 question is" if count == 1 else f"{count:,} questions are"


def title(question: Question) -> str:
    """Return a question as a sentence.

    Args:
        question: Any question.
    """
    about = _ABOUT.get(question.name, f"What is its {question.name}?")
    return f'Column "{question.column}": {about}' if question.column is not None else about


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
