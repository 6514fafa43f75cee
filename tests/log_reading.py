"""Reading lines of logs back, strictly: what is no whole line of logfmt or JSON is an error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

_PAIR: Final = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|[^ "=\\]*)(?: |$)')


def read_logfmt(line: str) -> dict[str, str]:
    """Return what stands in a line, by name."""
    found: dict[str, str] = {}
    place = 0
    while place < len(line):
        pair = _PAIR.match(line, place)
        assert pair is not None, f"no pair at {place}: {line!r}"
        name, value = pair.groups()
        assert name not in found, line
        found[name] = json.loads(value) if value.startswith('"') else value
        place = pair.end()
    return found


#: By the name of a form of logs, what reads a line of it.
READERS: Final[dict[str, Callable[[str], dict[str, Any]]]] = {"logfmt": read_logfmt, "json": json.loads}
