"""Whether a statement on team data names its team: beside each table that it reads or changes, and not only somewhere.

On plain PostgreSQL a statement without its team is slow at most, or held back by row-level security; where the tables
are distributed by team it is refused, or reaches into what other teams have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prismd.store import distribution, migrate

#: Tables that are not distributed.
LOCAL: Final = {*distribution.REFERENCE, *distribution.LOCAL}

_VERSIONS: Final = Path(migrate.__file__).parent / "migrations" / "versions"
#: Whatever else migrations make.
TEAM_TABLES: Final = {
    name
    for file in _VERSIONS.iterdir()
    for name in re.findall(r"^CREATE TABLE (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
} - LOCAL

_LEFT_OUT: Final = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TEXT: Final = re.compile(r"'(?:[^']|'')*'")
_PARAMETER: Final = re.compile(r"%(?:\(\w+\))?[sbt]|\$\d+|\b\d+\b")
_TOKEN: Final = re.compile(r"[?()=,]|[A-Za-z_][\w.]*|[^\s\w?()=,]+")
_STATEMENT: Final = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "COPY", "MERGE"}
_BEFORE_TABLE: Final = {"FROM", "JOIN", "UPDATE", "USING", "ONLY", "MERGE"}
_BEFORE_TARGET: Final = {"INTO", "COPY"}
_BEFORE_CONDITION: Final = {"WHERE", "ON", "AND"}
_ENDS_TABLES: Final = {"WHERE", "SET", "GROUP", "ORDER", "LIMIT", "OFFSET", "RETURNING", "SELECT", "VALUES", "UNION"}
_NO_ALIAS: Final = {
    "WHERE", "SET", "GROUP", "ORDER", "LIMIT", "OFFSET", "RETURNING", "SELECT", "VALUES", "UNION", "ON", "JOIN",
    "CROSS", "LEFT", "INNER", "FULL", "RIGHT", "USING", "FOR", "FROM", "NATURAL", "HAVING", "WINDOW", "EXCEPT",
    "INTERSECT",
}  # fmt: skip
_SET_OPERATORS: Final = {"UNION", "EXCEPT", "INTERSECT"}

_Group = list["str | _Group"]


@dataclass
class _Query:
    """What stands at one level of parentheses, and between two set operators.

    Args:
        tables: Tables of teams that are read or changed, by what they are called here.
        named: Those of which the team is said.
        unnamed: Targets that get rows, without a column for the team.
    """

    tables: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    unnamed: list[str] = field(default_factory=list)


def without_team(statement: str) -> list[str]:
    """Return the tables of teams that a statement reads or changes without naming the team.

    Args:
        statement: As psycopg takes it.
    """
    plain = _PARAMETER.sub(" ? ", _TEXT.sub(" ? ", _LEFT_OUT.sub(" ", statement)))
    whole = _grouped(iter(_TOKEN.findall(plain)))
    if not whole or _word(whole[0]) not in _STATEMENT:
        return []
    return list(_unnamed(whole, {}))


def _grouped(tokens: Iterator[str]) -> _Group:
    group: _Group = []
    for token in tokens:
        if token == ")":
            break
        group.append(_grouped(tokens) if token == "(" else token)
    return group


def _unnamed(group: _Group, around: Mapping[str, bool]) -> Iterator[str]:
    for part in _parts(group):
        query = _read(part, around)
        yield from query.unnamed
        yield from (table for alias, table in query.tables.items() if alias not in query.named)
        inside = {**around, **{alias: alias in query.named for alias in query.tables}}
        for item in part:
            if isinstance(item, list):
                yield from _unnamed(item, inside)


def _parts(group: _Group) -> Iterator[_Group]:
    part: _Group = []
    for item in group:
        if _word(item) in _SET_OPERATORS:
            yield part
            part = []
        else:
            part.append(item)
    yield part


def _read(part: _Group, around: Mapping[str, bool]) -> _Query:
    query = _Query()
    _find_tables(part, query)
    if "OR" in _after_where(part):
        return query
    links = list(_conditions(part, query))
    # Tables that are joined by their team say it together.
    for _ in links:
        for alias, other in links:
            if other == "?" or other in query.named or around.get(other):
                query.named.add(alias)
            if alias in query.named and other in query.tables:
                query.named.add(other)
    return query


def _find_tables(part: _Group, query: _Query) -> None:
    among_tables = False
    for place, item in enumerate(part):
        before = _word(part[place - 1]) if place else ""
        word = _word(item)
        if word in _BEFORE_TABLE:
            among_tables = True
        elif word in _ENDS_TABLES:
            among_tables = False
        if not isinstance(item, str) or item not in TEAM_TABLES:
            continue
        if before in _BEFORE_TARGET:
            columns = part[place + 1] if place + 1 < len(part) else []
            if not isinstance(columns, list) or "team_id" not in columns:
                query.unnamed.append(item)
        elif before in _BEFORE_TABLE or (before == "," and among_tables):
            query.tables[_alias(part, place)] = item


def _alias(part: _Group, place: int) -> str:
    after = [item for item in part[place + 1 : place + 3] if isinstance(item, str)]
    if after and _word(after[0]) == "AS":
        return after[1]
    has_alias = after and re.fullmatch(r"[a-z_]\w*", after[0]) and _word(after[0]) not in _NO_ALIAS
    return after[0] if has_alias else str(part[place])


def _conditions(part: _Group, query: _Query) -> Iterator[tuple[str, str]]:
    """Yield what a table's team is said to equal: ? for a value, else the name of another table."""
    for place in range(1, len(part) - 2):
        before, left, sign, right = part[place - 1 : place + 3]
        if sign != "=" or _word(before) not in _BEFORE_CONDITION:
            continue
        sides = [_side(left, query), _side(right, query)]
        for mine, other in (sides, sides[::-1]):
            if mine in query.tables and other:
                yield mine, other


def _side(item: str | _Group, query: _Query) -> str:
    if item == "?":
        return "?"
    if item == "team_id" and len(query.tables) == 1:
        return next(iter(query.tables))
    alias, _, column = item.rpartition(".") if isinstance(item, str) else ("", "", "")
    return alias if column == "team_id" else ""


def _after_where(part: _Group) -> list[str]:
    words = [_word(item) for item in part]
    return words[words.index("WHERE") :] if "WHERE" in words else []


def _word(item: str | _Group) -> str:
    return item.upper() if isinstance(item, str) else ""
