"""What a profile says about a table: what is sure, with its proof, and what only a person can tell."""

from __future__ import annotations

from dataclasses import dataclass


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
