"""What a profile says about a table: what is sure, with its proof, and what only a person can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read what is in doubt.

    Args:
        value: The answer that chooses it, as the option takes it.
        meaning: What it means, in words.
        evidence: How the real text reads this way.
    """

    value: str
    meaning: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Question:
    """A doubt about a table that changes its cells.

    Args:
        name: What is in doubt, such as ``encoding`` or ``date_format``.
        column: The name of the column that it is about; None for the whole table.
        readings: The ways to read it, two or more, the likeliest first.
        flag: The command line's option that answers it.
    """

    name: str
    column: str | None
    readings: tuple[Reading, ...]
    flag: str

    @property
    def key(self) -> str:
        """The key of its answer: its name, and for a column ``name:column``."""
        return self.name if self.column is None else f"{self.name}:{self.column}"


@dataclass(frozen=True, slots=True)
class Decision:
    """A finding that is sure.

    Args:
        name: What is decided; the same names as for questions.
        column: The name of the column that it is about; None for the whole table.
        value: The finding, as the option would take it.
        evidence: Its proof, with the line or row.
    """

    name: str
    column: str | None
    value: str
    evidence: str


def title(question: Question) -> str:
    """Return a question as a sentence.

    Args:
        question: Any question.
    """
    about = _ABOUT.get(question.name, f"What is its {question.name}?")
    return f'Column "{question.column}": {about}' if question.column is not None else about
