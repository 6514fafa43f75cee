"""One error sentence for many rows: values found in single rows are masked, shared names and limits stay."""

from __future__ import annotations

import re
from typing import Final

_TEXT: Final = r'"(?:[^"\\]|\\.)*+"|“[^”]*+”'
_ID: Final = r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
_NUMBER: Final = r"(?<![\w.])[-+]?\d(?:[\d.,]*\d)?"
#: A part that can differ from row to row. The words before it say whether it was found in a row or is a name.
_PART: Final = re.compile(
    rf"(?P<found>(?:found|the text|the number|not) )?(?P<meant>did you mean )?"
    rf"(?:(?P<text>{_TEXT})|(?P<id>{_ID}|…)|(?P<number>{_NUMBER}|(?<!\w)#))",
    re.IGNORECASE,
)
_MASKS: Final = {"text": '"…"', "id": "…", "number": "#"}


def pattern_of(message: str) -> str:
    """Return an error's sentence with masks for the parts that differ from row to row; a suggested name stays.

    Args:
        message: The sentence for one row.
    """
    return _PART.sub(lambda part: part[0] if part["meant"] else _masked(part), message)


def merged(message: str, other: str) -> str:
    """Return one sentence for rows of the same pattern: shared parts stay, and values found in a row are masked.

    Args:
        message: The sentence for the earlier rows.
        other: The sentence for one more row.
    """
    others = (part[0] for part in _PART.finditer(other))
    return _PART.sub(
        lambda part: part[0] if next(others, None) == part[0] and not part["found"] else _masked(part), message
    )


def _masked(part: re.Match[str]) -> str:
    before = (part["found"] or "") + (part["meant"] or "")
    return before + _MASKS[part.lastgroup or ""]
