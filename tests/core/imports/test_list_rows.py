"""Values of lists in rows: where they may stand, whose they are, and that writing them makes a member."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import APP_STAGE, LISTS_KEY, STATUS, ObjectSchema, Option, Property
from prismd.core.records.merging import ArrayChange, ArrayOperation
from prismd.core.records.rows import RefusedRow, Row, RowLimits, RowParser
from prismd.core.values.property_values import ValueLimits

LIMITS = RowLimits(ValueLimits(text_chars_max=1_000, list_values_max=10), row_bytes_max=300_000, row_errors_max=30)
ONE, TWO, NONE = (f"01920000-0000-7000-8000-00000000000{digit}" for digit in ("a", "b", "c"))
STAGES = (Option("option", "won", "Won"),)


def stage(list_id: str) -> Property:
    return Property(
        f"stage of {list_id}", APP_STAGE, "select_str", "Stage", options=STAGES, list_id=list_id, alias=APP_STAGE
    )


OWN = (
    stage(ONE),
    Property("1", "name", "num", "Name", list_id=ONE),
    Property("2", "weight", "num", "Weight", list_id=ONE),
    stage(TWO),
    Property("3", "tags", "multi_str", "Tags", list_id=TWO),
)
NATIVE = native_schema("deal")
SCHEMA = ObjectSchema("deal", {**NATIVE.properties, **{prop.key: prop for prop in OWN}})


def parsed(row: Any, list_id: str | None = None, *, require_stage: bool = False) -> Row | RefusedRow:
    return RowParser(SCHEMA, LIMITS, list_id, require_stage=require_stage).parse(json.dumps(row).encode())


def values(row: Any, list_id: str | None = None, **more: bool) -> dict[str, Any]:
    result = parsed(row, list_id, **more)
    assert isinstance(result, Row), result
    return dict(result.values)


def problems(row: Any, list_id: str | None = None, **more: bool) -> list[tuple[str, str | None, str | None]]:
    result = parsed(row, list_id, **more)
    assert isinstance(result, RefusedRow), result
    assert all(problem.message and "/" not in problem.message for problem in result.problems), result
    return [(problem.code, problem.slug, problem.list_id) for problem in result.problems]


def member(*list_ids: str) -> dict[str, Any]:
    return {LISTS_KEY: ArrayChange(ArrayOperation.APPEND, list(list_ids))}


def test_values_of_lists_stand_under_their_keys_and_make_a_member() -> None:
    row = {"default": {"name": "Acme"}, "list": {ONE: {"name": 3, APP_STAGE: "Won"}, TWO.upper(): {"tags": ["a"]}}}
    own = {f"{ONE}/name": 3, f"{ONE}/app_stage": "option", f"{TWO}/tags": ["a"]}
    assert values(row) == {"name": "Acme", **own, **member(ONE, TWO)}
    assert values({"list": {ONE: {}}}) == member(ONE)
    assert values({"list": {ONE: {"weight": None}}}) == {f"{ONE}/weight": None, **member(ONE)}
    change = {"_op": "append", "values": ["b"]}
    assert values({"list": {TWO: {"tags": change}}}) == {
        f"{TWO}/tags": ArrayChange(ArrayOperation.APPEND, ["b"]),
        **member(TWO),
    }


def test_where_the_list_is_named_its_values_need_no_id_and_every_row_is_a_member() -> None:
    assert values({"default": {"name": "Acme"}}, ONE) == {"name": "Acme", **member(ONE)}
    assert values({}, ONE) == values({"list": {}}, ONE) == values({"list": None}, ONE) == member(ONE)
    flat = {"default": {"name": "Acme"}, "list": {"name": 3, "weight": "4"}}
    assert values(flat, ONE) == {"name": "Acme", f"{ONE}/name": 3, f"{ONE}/weight": 4, **member(ONE)}
    mixed = {"list": {"weight": 4, ONE: {"name": 3}, TWO: {"tags": "a"}}}
    assert values(mixed, ONE) == {f"{ONE}/weight": 4, f"{ONE}/name": 3, f"{TWO}/tags": ["a"], **member(ONE, TWO)}


def test_the_stage_of_the_list_that_is_named_may_stand_in_default() -> None:
    assert values({"default": {APP_STAGE: "won"}}, ONE) == {f"{ONE}/app_stage": "option", **member(ONE)}
    assert values({"extended": {APP_STAGE: "won"}}, TWO) == {f"{TWO}/app_stage": "option", **member(TWO)}
    both = {"default": {APP_STAGE: "won"}, "list": {APP_STAGE: "won"}}
    assert problems(both, ONE) == [("invalid_row", None, None)]
    assert problems({"default": {APP_STAGE: "won"}}) == [("invalid_property", APP_STAGE, None)]


def test_problems_name_the_slug_and_the_list() -> None:
    row = {"default": {"amount": "x"}, "list": {ONE: {"weight": "x", "wieght": 1}, TWO: {APP_STAGE: "nope"}}}
    assert problems(row) == [
        ("invalid_value", "amount", None),
        ("invalid_value", "weight", ONE),
        ("invalid_property", "wieght", ONE),
        ("invalid_option", APP_STAGE, TWO),
    ]
    result = parsed(row)
    assert isinstance(result, RefusedRow)
    assert [problem.key for problem in result.problems] == [
        "amount", f"{ONE}/weight", f"{ONE}/wieght", f"{TWO}/app_stage"
    ]  # fmt: skip
    assert 'did you mean "weight"' in result.problems[2].message
    assert result.problems[3].missing_options == ("nope",)


@pytest.mark.parametrize(
    ("row", "list_id", "words"),
    [
        ({"default": {"weight": 1}}, ONE, 'put it into "list"'),
        ({"default": {"weight": 1}}, None, 'put it into "list"'),
        ({"list": {ONE: {"amount": 1}}}, None, 'put it into "default"'),
        ({"list": {"amount": 1}}, ONE, 'put it into "default"'),
        ({"list": {ONE: {"tags": []}}}, None, "has no property"),
    ],
)
def test_what_stands_in_the_wrong_place_is_told_the_right_one(row: Any, list_id: str | None, words: str) -> None:
    result = parsed(row, list_id)
    assert isinstance(result, RefusedRow)
    assert [problem.code for problem in result.problems] == ["invalid_property"]
    assert words in result.problems[0].message


@pytest.mark.parametrize(
    ("row", "list_id", "words"),
    [
        ({"list": {"weight": 1}}, None, "no id of a list"),
        ({"list": {ONE: 1}}, None, "an object of property slugs"),
        ({"list": {ONE: None}}, ONE, "an object of property slugs"),
        ({"list": [ONE]}, ONE, "list must be an object"),
        ({"list": {ONE: {"weight": 1}, ONE.upper(): {"weight": 2}}}, None, "stands twice"),
        ({"list": {ONE: {"weight": 1}, "weight": 2}}, ONE, "stands twice"),
    ],
)
def test_a_list_of_another_shape_says_what_to_do(row: Any, list_id: str | None, words: str) -> None:
    result = parsed(row, list_id)
    assert isinstance(result, RefusedRow)
    assert [problem.code for problem in result.problems] == ["invalid_row"]
    assert words in result.problems[0].message


def test_a_list_that_there_is_not_is_not_found() -> None:
    assert problems({"list": {NONE: {"weight": 1}}}) == [("not_found", None, NONE)]
    assert problems({"list": {NONE: {}, TWO: {"tags": 1}}}, ONE) == [
        ("not_found", None, NONE),
        ("invalid_value", "tags", TWO),
    ]


def test_no_key_is_reached_through_default() -> None:
    for key in (LISTS_KEY, f"{ONE}/weight", f"{ONE}/app_stage", "/", "/name"):
        for row in ({"default": {key: ["x"]}}, {"extended": {key: ["x"]}}, {"list": {ONE: {key: ["x"]}}}):
            result = parsed(row)
            assert isinstance(result, RefusedRow)
            assert [problem.code for problem in result.problems] == ["invalid_property"]


def test_a_stage_can_be_demanded() -> None:
    demanded = [("missing_required", APP_STAGE, ONE)]
    assert problems({"default": {"name": "x"}}, ONE, require_stage=True) == demanded
    assert problems({"list": {APP_STAGE: None}}, ONE, require_stage=True) == demanded
    assert problems({"list": {TWO: {APP_STAGE: "won"}}}, ONE, require_stage=True) == demanded
    assert problems({"list": {APP_STAGE: "nope"}}, ONE, require_stage=True) == [("invalid_option", APP_STAGE, ONE)]
    assert values({"list": {ONE: {APP_STAGE: "won"}}}, ONE, require_stage=True)
    assert values({"default": {APP_STAGE: "won"}}, ONE, require_stage=True)
    for row in ({"default": {STATUS: "won"}}, {"list": {STATUS: "won"}}, {"list": {ONE.upper(): {STATUS: "won"}}}):
        assert values(row, ONE, require_stage=True)
    assert problems({"default": {STATUS: None}}, ONE, require_stage=True) == demanded
    assert problems({"list": {TWO: {STATUS: "won"}}}, ONE, require_stage=True) == demanded


def test_the_stage_has_two_names_in_its_list_and_one_value() -> None:
    """Applications write the native name of the stage (contract, section 23, fact 102)."""
    stored = {f"{ONE}/app_stage": "option", **member(ONE)}
    for row in ({"default": {STATUS: "won"}}, {"extended": {STATUS: "Won"}}, {"list": {STATUS: "option"}}):
        assert values(row, ONE) == stored
    assert values({"list": {ONE: {STATUS: "won"}}}) == stored
    # Without the list the name means what all records have; with another list, the stage of that one.
    assert values({"default": {STATUS: "lead"}}) == {"status": NATIVE.properties["status"].options[1].id}
    in_both = {"default": {STATUS: "won"}, "list": {ONE: {STATUS: "won"}}}
    assert values(in_both, TWO) == {f"{TWO}/app_stage": "option", f"{ONE}/app_stage": "option", **member(TWO, ONE)}
    twice = {"default": {STATUS: "won"}, "list": {ONE: {APP_STAGE: "won"}}}
    assert values(twice, ONE) == stored
    for other in (None, "Won", "lead"):
        differs = {"default": {STATUS: other}, "list": {ONE: {APP_STAGE: "won"}}}
        assert problems(differs, ONE) == [("invalid_row", None, None)]
        assert problems({"list": {ONE: {STATUS: other, APP_STAGE: "won"}}}) == [("invalid_row", None, None)]
    assert problems({"default": {STATUS: "lead"}}, ONE) == [("invalid_option", APP_STAGE, ONE)]


def test_a_property_that_a_list_had_before_keeps_the_name() -> None:
    own = Property("9", STATUS, "str", "Status", list_id=ONE)
    schema = ObjectSchema("deal", {**SCHEMA.properties, own.key: own})
    for row in ({"list": {STATUS: "mine", APP_STAGE: "won"}}, {"list": {ONE: {STATUS: "mine", APP_STAGE: "won"}}}):
        result = RowParser(schema, LIMITS, ONE).parse(json.dumps(row).encode())
        assert isinstance(result, Row)
        assert result.values == {f"{ONE}/status": "mine", f"{ONE}/app_stage": "option", **member(ONE)}


JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=3)
SLUGS = st.sampled_from(["name", "weight", "tags", APP_STAGE, "amount", "status", "nope", LISTS_KEY, f"{ONE}/weight"])
FIELDS = st.dictionaries(SLUGS, JSON | st.just("won"), max_size=4)
BUCKET = st.dictionaries(SLUGS | st.sampled_from([ONE, TWO, ONE.upper(), NONE]), JSON | FIELDS, max_size=4)


@given(
    row=st.fixed_dictionaries({}, optional={"default": FIELDS, "list": BUCKET | st.none(), "extended": FIELDS}),
    list_id=st.sampled_from([None, ONE, TWO]),
    require_stage=st.booleans(),
)
def test_a_row_is_all_its_values_each_where_it_belongs_or_refused(
    row: dict[str, Any], list_id: str | None, *, require_stage: bool
) -> None:
    """Every bucket is judged by a parser that knows the properties of that bucket alone, as plain ones."""
    result = parsed(row, list_id, require_stage=require_stage and list_id is not None)
    said = model(row, list_id, require_stage=require_stage and list_id is not None)
    assert (result.values if isinstance(result, Row) else None) == said


Written = tuple[str | None, str, Any]


def model(row: dict[str, Any], list_id: str | None, *, require_stage: bool) -> dict[str, Any] | None:
    """Return the values of a row, or None where it is refused."""
    taken_apart = places(row, list_id)
    if taken_apart is None:
        return None
    written, lists = taken_apart
    named = [(where, slug) for where, slug, _ in written]
    if len(named) != len(set(named)):
        return None
    stages = [(where, slug, value) for where, slug, value in written if where and slug in (APP_STAGE, STATUS)]
    told = {where: value for where, _, value in stages}
    if any(told[where] != value for where, _, value in stages):
        return None
    written = [one for one in written if one not in stages] + [(where, APP_STAGE, told[where]) for where in told]
    if require_stage and (list_id, APP_STAGE) not in [(where, slug) for where, slug, value in written if value]:
        return None
    found: dict[str, Any] = {}
    for one in written:
        value = alone(*one)
        if value is None:
            return None
        found |= value
    return found | (member(*dict.fromkeys(lists)) if lists else {})


def places(row: dict[str, Any], list_id: str | None) -> tuple[list[Written], list[str]] | None:
    """Return what a row writes where, and its lists; None where it cannot be taken apart."""
    default, extended = row.get("default") or {}, row.get("extended") or {}
    if default.keys() & extended.keys():
        return None
    written: list[Written] = [
        (list_id if slug in (APP_STAGE, STATUS) else None, slug, value)
        for slug, value in [*default.items(), *extended.items()]
    ]
    lists = [list_id] if list_id else []
    for name, value in (row.get("list") or {}).items():
        if name.lower() in (ONE, TWO) and isinstance(value, dict):
            lists.append(name.lower())
            written += [(name.lower(), slug, one) for slug, one in value.items()]
        elif name in (ONE, TWO, ONE.upper(), NONE) or list_id is None:
            return None
        else:
            written.append((list_id, name, value))
    return written, lists


def alone(where: str | None, slug: str, value: Any) -> dict[str, Any] | None:
    """Return what a property takes a value for if it is the only one that there is, and one of all records."""
    prop = next((prop for prop in SCHEMA if (prop.list_id, prop.slug) == (where, slug)), None)
    if prop is None:
        return None
    plain = Property("x", slug, prop.type, prop.name, read_only=prop.read_only, options=prop.options)
    result = RowParser(ObjectSchema("deal", {slug: plain}), LIMITS).parse(
        json.dumps({"default": {slug: value}}).encode()
    )
    return {prop.key: result.values[slug]} if isinstance(result, Row) else None
