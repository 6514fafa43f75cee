"""The size of a regular expression with repeats expanded, which is how PostgreSQL compiles it."""

from __future__ import annotations

import re
from typing import Final

#: Maximum number of parts of a pattern with repeats expanded; PostgreSQL's memory grows with the square of it.
PARTS_MAX: Final = 2_000

_TOKEN: Final = re.compile(
    r"\\.|\[\^?\]?(?:\[[:.=][^\]]*+\]|[^\]\\]|\\.)*+\]|(?P<open>\()|(?P<close>\))|\{(?P<counts>\d[\d,]*)\}|.", re.DOTALL
)


def parts_of(pattern: str) -> int:
    """Return the number of parts of a pattern with repeats expanded.

    Args:
        pattern: A pattern of bounded length for ``like_regex``; PostgreSQL can still refuse it.
    """
    # For each open group: the number of parts before its last item, and in that item.
    groups = [(0, 0)]
    for token in _TOKEN.finditer(pattern):
        before, last = groups[-1]
        if token["open"]:
            groups[-1] = (before + last, 0)
            groups.append((0, 0))
        elif token["close"] and len(groups) > 1:
            groups.pop()
            groups[-1] = (groups[-1][0], before + last)
        elif counts := token["counts"]:
            groups[-1] = (before, last * max(int(count or 0) for count in counts.split(",")))
        else:
            groups[-1] = (before + last, 1)
    return sum(before + last for before, last in groups)
