"""Rows made by a mapping, compared with a small reference that does one thing after the other."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.mapping.document import document_of
from prismd.core.mapping.rows import RowMapping
from prismd.core.mapping.targets import Target
from prismd.core.values.blanks import is_blank, trimmed

HEADER = ("A", "B", "C")
TARGETS = {"one": Target("str"), "other": Target("text"), "many": Target("multi_str")}
CELLS = st.one_of(
    st.sampled_from(["", " ", "x", " X ", "a;b", ";", " ; ", "N/A", "(clear)", "0", "\u200b", "é", "a b"]),
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.none(),
)
ROWS = st.lists(CELLS, max_size=3).map(tuple)
POLICIES = st.sampled_from(["keep", "clear", "refuse"])
COLUMNS = st.builds(
    lambda name, more: {"column": name, **more},
    st.sampled_from(HEADER),
    st.fixed_dictionaries(
        {},
        optional={
            "blank": POLICIES,
            "absent": POLICIES,
            "clear": st.just("(clear)"),
            "null_words": st.just(["N/A", "0"]),
        },
    ),
)
TEXT_STEPS = st.sampled_from(
    [
        {"do": "split", "separator": ";"},
        {"do": "split", "separator": ";", "trim": False},
        {"do": "split", "separator": ";", "part": 1},
        {"do": "split", "separator": ";", "part": -1},
        {"do": "split", "separator": ";", "pieces": 2, "part": 2},
        {"do": "trim"},
        {"do": "case", "to": "upper"},
        {"do": "map", "values": {"a": "first", "x": None}, "ignore_case": True, "otherwise": "keep"},
        {"do": "map", "values": {"a": "first", "b": "second"}},
    ]
)
ENDS = st.sampled_from([{"do": "join", "separator": "+"}, {"do": "first"}])
RULES = st.builds(
    lambda slug, columns, steps, end, change: {
        "to": slug,
        "from": columns,
        "steps": [*steps, *([] if slug == "many" and end is None else [end or {"do": "first"}])],
        "change": change if slug == "many" else "replace",
    },
    st.sampled_from(sorted(TARGETS)),
    st.lists(COLUMNS, min_size=1, max_size=3),
    st.lists(TEXT_STEPS, max_size=2),
    st.none() | ENDS,
    st.sampled_from(["replace", "append"]),
)


def seen(text: str) -> bool:
    return not is_blank(text)  # which is tested by itself


class RefusedError(Exception):
    """The reference refuses a row."""


def reference(rule: dict[str, Any], cells: tuple[str | None, ...]) -> dict[str, Any]:
    """Return the values of a row by one rule."""
    steps = rule["steps"]
    ends = [place for place, step in enumerate(steps) if step["do"] in ("join", "first")]
    cut = ends[0] if ends else len(steps)
    everything, clears, refused = [], False, False
    for column in rule["from"]:
        try:
            values = of_column(column, steps[:cut], cells)
        except RefusedError:
            refused = True
            continue
        clears = clears or values is None
        everything += values or []
    if refused:
        raise RefusedError
    everything = run(steps[cut:], everything)
    if not everything:
        return {rule["to"]: None} if clears else {}
    if rule["change"] == "append":
        return {rule["to"]: {"_op": "append", "values": everything}}
    return {rule["to"]: everything if rule["to"] == "many" else everything[0]}


def of_column(column: dict[str, Any], steps: list[dict[str, Any]], cells: tuple[str | None, ...]) -> list[str] | None:
    position = HEADER.index(column["column"])
    policy = column.get("blank", "keep") if position < len(cells) else column.get("absent", "keep")
    cell = (cells[position] if position < len(cells) else "") or ""
    if "clear" in column and cell == column["clear"]:
        return None
    values = []
    if seen(cell) and trimmed(cell) not in column.get("null_words", []):
        values = run(steps, [cell])
    if values:
        return values
    if policy == "refuse":
        raise RefusedError
    return None if policy == "clear" else []


def run(steps: list[dict[str, Any]], values: list[str]) -> list[str]:
    for step in steps:
        match step["do"]:
            case "join":
                values = [step["separator"].join(values)] if values else []
            case "first":
                values = values[:1]
            case "trim":
                values = [trimmed(value) for value in values]
            case "case":
                values = [value.upper() for value in values]
            case "split":
                values = [part for value in values for part in parts(step, value)]
            case "map":
                values = [made for value in values if (made := replaced(step, value)) is not None]
    return [value for value in values if seen(value)]


def parts(step: dict[str, Any], value: str) -> list[str]:
    pieces = value.split(";", step.get("pieces", 1_000_000) - 1)
    if step.get("trim", True):
        pieces = [trimmed(piece) for piece in pieces]
    if "part" not in step:
        return pieces
    place = step["part"]
    return pieces[place - 1 : place] if place > 0 else pieces[-1:]


def replaced(step: dict[str, Any], value: str) -> str | None:
    key = trimmed(value).casefold() if step.get("ignore_case") else trimmed(value)
    if key in step["values"]:
        found: str | None = step["values"][key]
        return found
    if step.get("otherwise") != "keep":
        raise RefusedError
    return value


def made(rules: list[dict[str, Any]], cells: tuple[str | None, ...]) -> dict[str, Any] | None:
    document = {"version": 1, "rules": rules, "other_columns": "leave_out"}
    mapping = RowMapping(document_of(document), HEADER, TARGETS)
    row = mapping.row(cells)
    assert mapping.row(cells) == row, "a row of before changes what comes of this one"
    if not isinstance(row, bytes):
        assert row
        assert all(one.message and one.slug in TARGETS for one in row)
        return None
    decoded: dict[str, Any] = json.loads(row)
    assert list(decoded) == ["default"]
    values: dict[str, Any] = decoded["default"]
    return values


@given(RULES, ROWS)
@example(
    {"to": "one", "from": [{"column": "A", "blank": "clear"}], "steps": [{"do": "first"}], "change": "replace"}, ("",)
)
@example(
    {
        "to": "many",
        "from": [{"column": "A", "blank": "clear"}],
        "steps": [{"do": "split", "separator": ";"}],
        "change": "append",
    },
    (";", "", ""),
)
def test_a_rule_makes_what_the_reference_makes(rule: dict[str, Any], cells: tuple[str | None, ...]) -> None:
    try:
        expected = reference(rule, cells)
    except RefusedError:
        expected = None
    assert made([rule], cells) == expected


@given(st.lists(RULES, min_size=1, max_size=3, unique_by=lambda rule: rule["to"]), ROWS)
def test_rules_do_not_disturb_each_other(rules: list[dict[str, Any]], cells: tuple[str | None, ...]) -> None:
    expected: dict[str, Any] | None = {}
    for rule in rules:
        try:
            one = reference(rule, cells)
        except RefusedError:
            expected = None
            break
        expected = {**(expected or {}), **one}
    assert made(rules, cells) == expected


PLAIN = [{"to": "one", "from": ["B"]}, {"to": "other", "from": ["A"]}]


@given(ROWS)
@example(("\x00", "", " x"))
def test_plain_columns_keep_every_text_as_it_is(cells: tuple[str | None, ...]) -> None:
    there = {name: cell for name, cell in zip(HEADER, cells, strict=False) if cell and seen(cell)}
    expected = {slug: there[name] for slug, name in (("one", "B"), ("other", "A")) if name in there}
    assert made(PLAIN, cells) == expected


@given(st.lists(CELLS, min_size=4, max_size=6).map(tuple))
def test_a_value_beyond_the_last_column_refuses_the_row(cells: tuple[str | None, ...]) -> None:
    beyond = any(cell is not None and seen(cell) for cell in cells[3:])
    assert (made_or_problem(cells) is None) == beyond


def made_or_problem(cells: tuple[str | None, ...]) -> bytes | None:
    document = {"version": 1, "rules": PLAIN, "other_columns": "leave_out"}
    row = RowMapping(document_of(document), HEADER, TARGETS).row(cells)
    return row if isinstance(row, bytes) else None
