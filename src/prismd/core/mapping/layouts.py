"""Exports of programs that are recognised by their header, and what is known of their columns."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from prismd.core.mapping.names import name_key

_FILE: Final = "layouts.toml"
_DIGITS: Final = re.compile(r"\d+")
_BETWEEN: Final = " | "


@dataclass(frozen=True, slots=True)
class Layout:
    """The export of a program; columns are known by their :func:`column_key`.

    Args:
        program: Its name.
        signs: Columns by which the export is recognised.
        least: How many of them a header has at least.
        meant: The properties that columns are, by slug, where the type has them.
        called: What the properties of columns are called whose own names say less.
        labels: Columns with labels that people made up, and the separator between two.
        no_labels: Labels that the program gives to every record.
        technical: Columns that say nothing about the record, and why they are left out.
    """

    program: str
    signs: frozenset[str]
    least: int
    meant: Mapping[str, str]
    called: Mapping[str, str]
    labels: Mapping[str, str]
    no_labels: tuple[str, ...]
    technical: Mapping[str, str]


def recognised(names: Sequence[str]) -> Layout | None:
    """Return the layout that a header has, or None; a header that has those of two programs equally has none.

    Args:
        names: Of all columns.
    """
    keys = frozenset(map(column_key, names))
    found = [(len(keys & layout.signs), layout) for layout in layouts()]
    found = [(count, layout) for count, layout in found if count >= layout.least]
    most = max((count for count, _ in found), default=0)
    best = [layout for count, layout in found if count == most]
    return best[0] if len(best) == 1 else None


def column_key(name: str) -> str:
    """Return the name of a column as layouts know it: without case, blanks and signs, any number as ``#``.

    Args:
        name: Of the column.
    """
    return _DIGITS.sub("#", name_key(name))


@cache
def layouts() -> tuple[Layout, ...]:
    """Return all layouts, which are read once."""
    text = files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    return tuple(map(_layout, tomllib.loads(text).values()))


def _layout(read: Mapping[str, Any]) -> Layout:
    return Layout(
        program=read["program"],
        signs=frozenset(key for names in read["signs"].values() for key in _keys(names)),
        least=read["least"],
        meant=_by_key(read.get("meant", {})),
        called=_by_key(read.get("called", {})),
        labels=_by_key(read.get("labels", {})),
        no_labels=tuple(filter(None, read.get("no_labels", "").split(_BETWEEN))),
        technical={key: why for why, names in read.get("technical", {}).items() for key in _keys(names)},
    )


def _keys(names: str) -> list[str]:
    # A number is written as "1" in the file, because a sign for it would not survive name_key.
    return [column_key(name) for name in names.split(_BETWEEN)]


def _by_key(read: Mapping[str, str]) -> dict[str, str]:
    return {key: what for names, what in read.items() for key in _keys(names)}
