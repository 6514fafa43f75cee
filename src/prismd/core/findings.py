"""Findings of the check of an installation: the level of each, and the advice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Args:
        check: Name of the check.
        level: How bad the finding is.
        found: The finding in a sentence.
        advice: What to do; empty if nothing has to be done.
    """

    check: str
    level: Level
    found: str
    advice: str = ""


def worst(findings: Iterable[Finding]) -> Level:
    """Return the worst level of some findings; a skipped check is no fault."""
    order = (Level.OK, Level.WARNING, Level.ERROR)
    return max((one.level for one in findings if one.level in order), key=order.index, default=Level.OK)
