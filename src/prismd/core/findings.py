"""What somebody who looks an installation over finds: in order or not, and what to do."""

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
        check: What was looked at.
        level: How bad it is.
        found: What was found, in a sentence.
        advice: What to do; empty where nothing has to be done.
    """

    check: str
    level: Level
    found: str
    advice: str = ""


def worst(findings: Iterable[Finding]) -> Level:
    """Return the worst level of some findings; what was skipped is no fault."""
    order = (Level.OK, Level.WARNING, Level.ERROR)
    return max((one.level for one in findings if one.level in order), key=order.index, default=Level.OK)
