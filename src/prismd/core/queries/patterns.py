"""The size of a regular expression with its repeats written out, as PostgreSQL does before it matches anything."""

from __future__ import annotations

import re
from typing import Final

#: Most parts of a pattern with its counted repeats written out; PostgreSQL takes the square of that in memory.
PARTS_MAX: Final = 2_000

_TOKEN: Final = re.compile(
    r"\\.|\[\^?\]?(?:\[[:.=][^\]]*+\]|[^\]\\]|\\.)*+\]|(?P<open>\()|(?P<close>\))|\{(?P<counts>\d[\d,]*)\}|.", re.DOTALL
)


def parts_of(pattern: str) -> int:
    """Return how many parts a pattern has with its counted repeats written out.

    Args:
        pattern: Of ``like_regex``, of bounded length; it may be one that PostgreSQL refuses.
    """
    # Of each open group: the parts before its last item, and the parts of that item.
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
