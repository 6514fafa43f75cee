"""Rows made by a mapping: what each kind of cell becomes, and the sentences about what cannot be sent."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.mapping.compiled_rules import REMEMBERED_MAX
from prismd.core.mapping.document import document_of
from prismd.core.mapping.problems import CellProblem, MappingFaultsError
from prismd.core.mapping.rows import RowMapping
from prismd.core.mapping.targets import Target, targets_of
from prismd.core.properties.native import native_schema
from prismd.core.tables.cells import Cell, CellFault
from prismd.core.tables.columns.forms import DateForm, NumberForm
from prismd.core.values.addresses import address_problem, domain_problem

TARGETS = {
    "str": Target("str"),
    "text": Target("text"),
    "num": Target("num"),
    "bool": Target("bool"),
    "date": Target("date"),
    "select": Target("select_str", options=("New", "new")),
    "many": Target("multi_str"),
    "tags": Target("multiselect_str"),
    "ref": Target("ref_organization"),
    "refs": Target("multiref_contact"),
    "created_at": Target("date", read_only=True),
}
DAY, MOMENT, CLOCK = date(1990, 5, 31), datetime(1990, 5, 31, 10, 30), time(10, 30)  # noqa: DTZ001 - spreadsheets have no zones


def mapping(rules: list[dict[str, Any]], header: tuple[str, ...] = ("A",), **more: Any) -> RowMapping:
    return RowMapping(document_of({"version": 1, "rules": rules, **more}), header, TARGETS)


def of_one(slug: str, cell: Cell, *steps: dict[str, Any]) -> Any:
    """Return the value that a cell becomes, or the message of its problem."""
    row = mapping([{"to": slug, "from": ["A"], "steps": list(steps)}]).row([cell])
    if isinstance(row, bytes):
        return json.loads(row, parse_float=Decimal)["default"].get(slug, "no value")
    (problem,) = row
    assert problem.column == "A"
    assert problem.slug == slug
    assert problem.code == "invalid_value"
    assert problem.message.startswith('column "A": expected ')
    return problem


def refused(found: Any, *words: str) -> bool:
    assert isinstance(found, CellProblem), found
    assert not [word for word in words if word not in found.message], found.message
    return True


# --- typed cells ---


@pytest.mark.parametrize(
    ("slug", "cell", "becomes"),
    [
        ("str", 42, "42"),
        ("str", 0, "0"),
        ("str", Decimal("1.50"), "1.50"),
        ("str", Decimal("1E+3"), "1000"),
        ("text", -7, "-7"),
        ("select", 3, "3"),
        ("many", 3, ["3"]),
        ("num", 42, 42),
        ("num", Decimal("0.1"), Decimal("0.1")),
        ("num", "1.5", "1.5"),
        ("bool", True, True),
        ("bool", False, False),
        ("bool", "TRUE", "TRUE"),
        ("date", DAY, "1990-05-31"),
        ("date", MOMENT, "1990-05-31T10:30:00"),
        ("date", MOMENT.replace(tzinfo=UTC), "1990-05-31T10:30:00+00:00"),
        ("date", "1990-05-31", "1990-05-31"),
        ("ref", "id", "id"),
        ("refs", "ada@example.org", ["ada@example.org"]),
    ],
)
def test_a_typed_cell_has_one_form_for_its_property(slug: str, cell: Cell, becomes: object) -> None:
    found = of_one(slug, cell)
    assert (found, type(found)) == (becomes, type(becomes))


@pytest.mark.parametrize("slug", ["str", "text", "select", "many", "tags", "ref"])
@pytest.mark.parametrize("cell", [True, DAY, MOMENT, CLOCK])
def test_what_has_no_certain_text_is_refused(slug: str, cell: Cell) -> None:
    assert refused(of_one(slug, cell), "expected a text", 'add the step "text"')


@pytest.mark.parametrize(
    ("cell", "text"),
    [(True, "true"), (DAY, "1990-05-31"), (MOMENT, "1990-05-31T10:30:00"), (CLOCK, "10:30:00"), (5, "5"), ("x", "x")],
)
def test_the_step_text_makes_a_text_of_everything(cell: Cell, text: str) -> None:
    assert of_one("str", cell, {"do": "text"}) == text


@pytest.mark.parametrize(
    ("slug", "cell"),
    [("num", True), ("num", DAY), ("num", CLOCK), ("bool", 1), ("bool", DAY), ("date", 44_000), ("date", CLOCK)],
)
def test_a_cell_of_another_type_is_refused(slug: str, cell: Cell) -> None:
    assert refused(of_one(slug, cell), "; ")


@pytest.mark.parametrize("slug", sorted(TARGETS.keys() - {"created_at"}))
def test_an_error_of_a_spreadsheet_is_never_a_value(slug: str) -> None:
    assert refused(of_one(slug, CellFault("#REF!")), "found the error #REF!", "correct the cell")


@pytest.mark.parametrize("steps", [[], [{"do": "text"}], [{"do": "split", "separator": ","}, {"do": "first"}]])
@pytest.mark.parametrize("slug", ["str", "num", "select"])
@pytest.mark.parametrize(
    "cell",
    [Decimal("NaN"), Decimal("-Infinity"), Decimal("1E+999999"), Decimal("1E-999999"), 1 << 20_000],
    ids=["none", "infinite", "vast", "tiny", "long"],
)
def test_what_is_no_number_that_can_be_written_is_refused(cell: Cell, slug: str, steps: list[dict[str, Any]]) -> None:
    assert refused(of_one(slug, cell, *steps), "expected a number", "correct the cell")


@pytest.mark.parametrize("cell", [10**30, -(2**64), Decimal("1E+300"), Decimal("1E-300")])
def test_large_numbers_keep_all_of_their_digits(cell: int | Decimal) -> None:
    assert Decimal(of_one("num", cell)) == Decimal(of_one("str", cell)) == cell


def test_an_error_of_a_spreadsheet_can_be_a_word_for_nothing() -> None:
    rules = [{"to": "str", "from": [{"column": "A", "null_words": ["#N/A"]}]}]
    assert mapping(rules).row([CellFault("#N/A")]) == b'{"default":{}}'


# --- steps ---


@pytest.mark.parametrize(
    ("step", "text", "number"),
    [
        ({"decimal": ","}, "1234,50", Decimal("1234.50")),
        ({"decimal": ",", "thousands": "."}, "1.234,50", Decimal("1234.50")),
        ({"decimal": ",", "thousands": "."}, "1.234", 1234),
        ({"decimal": ".", "thousands": ","}, "1,234", 1234),
        ({"decimal": "."}, "(5.25)", Decimal("-5.25")),
        ({"decimal": ",", "currency": ["€"]}, "12,50 €", Decimal("12.50")),
        ({"decimal": ".", "percent": "whole"}, "12.5 %", Decimal("12.5")),
        ({"decimal": ".", "percent": "fraction"}, "12.5 %", Decimal("0.125")),
        ({"decimal": ".", "percent": "fraction"}, "5%", Decimal("0.05")),
    ],
)
def test_numbers_are_read_as_stated(step: dict[str, Any], text: str, number: object) -> None:
    assert of_one("num", text, {"do": "number", **step}) == number


@pytest.mark.parametrize(
    ("step", "cell", "says"),
    [
        ({"decimal": ","}, "1.5", "a comma before decimals"),
        ({"decimal": "."}, "1.234,50", "a point before decimals"),
        ({"decimal": ",", "thousands": "."}, "1.23", "a point between thousands"),
        ({"decimal": "."}, "5 $", '"currency"'),
        ({"decimal": ".", "currency": ["€"]}, "5 $", '["$"]'),
        ({"decimal": "."}, "5 %", 'what a percent sign means: "percent": "whole"'),
        ({"decimal": ".", "percent": "fraction"}, "5", "may be 5 or 0.05"),
        ({"decimal": ".", "percent": "whole"}, Decimal("0.05"), "holds 5 % as 0.05"),
        ({"decimal": "."}, "five", 'found the text "five"'),
        ({"decimal": "."}, True, "found true"),
    ],
)
def test_a_number_in_another_form_is_refused(step: dict[str, Any], cell: Cell, says: str) -> None:
    assert refused(of_one("num", cell, {"do": "number", **step}), says)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_a_number_written_with_commas_comes_back(number: Decimal) -> None:
    written = f"{number:,.2f}".translate(str.maketrans(",.", ".,"))
    assert of_one("num", written, {"do": "number", "decimal": ",", "thousands": "."}) == number


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from(["dmy", "mdy", "ymd"]))
def test_a_date_is_read_in_the_stated_order_alone(day: date, order: str) -> None:
    parts = {"d": f"{day.day:02}", "m": f"{day.month:02}", "y": f"{day.year:04}"}
    assert of_one("date", "/".join(parts[part] for part in order), {"do": "date", "order": order}) == day.isoformat()


@given(st.from_regex(r"\A[0-9]{1,18}\Z") | st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z"))
@example("0999-05-31")
@example("2024-02-30")
@example("007")
@example("0")
@example("1234567890123456")
def test_what_is_plain_is_read_as_its_form_reads_it(text: str) -> None:
    day, number = DateForm("dmy").read(text), NumberForm(",", ".").read(text)
    read_day = of_one("date", text, {"do": "date", "order": "dmy"})
    read_number = of_one("num", text, {"do": "number", "decimal": ",", "thousands": "."})
    assert read_day == day.isoformat() if day else isinstance(read_day, CellProblem)
    assert read_number == number if number is not None else isinstance(read_number, CellProblem)


def test_a_date_of_another_form_is_refused() -> None:
    step = {"do": "date", "order": "mdy"}
    assert refused(of_one("date", "31/05/1990", step), "in the order of month, day and year", '"31/05/1990"')
    assert refused(of_one("date", "5/31/90", step), '"century_from"')
    assert of_one("date", "5/31/90", {**step, "century_from": 1950}) == "1990-05-31"
    assert refused(of_one("date", 33_024, step), "format the column as dates")


def test_words_for_true_and_false_are_those_stated() -> None:
    step = {"do": "boolean", "true": ["ja", "1"], "false": ["nein", "0"]}
    assert [of_one("bool", word, step) for word in ("JA", " nein ", 1, 0, True)] == [True, False, True, False, True]
    assert refused(of_one("bool", "yes", step), '"ja"', '"nein"', 'found the text "yes"')
    assert refused(of_one("bool", DAY, step))


def test_a_map_says_what_becomes_of_the_rest() -> None:
    step = {"do": "map", "values": {"Neu": "new", "1": "one", "-": None}}
    assert of_one("select", " Neu ", step) == "new"
    assert of_one("select", 1, step) == "one"
    assert of_one("select", "-", step) == "no value"
    assert refused(of_one("select", "neu", step), 'one of "Neu", "1", "-"', '"otherwise": "keep"')
    assert of_one("select", "neu", {**step, "ignore_case": True}) == "new"
    assert of_one("select", "other", {**step, "otherwise": "keep"}) == "other"
    assert refused(of_one("select", " Neu", {**step, "trim": False}), '" Neu"')


@pytest.mark.parametrize(
    ("to", "text", "becomes"),
    [("lower", "ÀB", "àb"), ("upper", "straße", "STRASSE"), ("words", "ANNA-LENA  o'NEIL", "Anna-Lena  O'neil")],
)
def test_the_case_of_letters_changes_as_stated(to: str, text: str, becomes: str) -> None:
    assert of_one("str", text, {"do": "case", "to": to}) == becomes


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("030 1234567", "DE", "+49301234567"),
        ("+49 (0)30 1234567", None, "+49301234567"),
        ("(030) 123-4567", "DE", "+49301234567"),
        ("030/1234567", "DE", "+49301234567"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("(650) 253-0000", "US", "+16502530000"),
        ("\uff0b49 30 1234567", "US", "+49301234567"),
        (4_930_123_4567, "DE", "+49301234567"),
    ],
)
def test_a_phone_number_takes_the_form_of_e164(text: Cell, region: str | None, number: str) -> None:
    step = {"do": "phone", "region": region} if region else {"do": "phone"}
    assert of_one("str", text, step) == number


@pytest.mark.parametrize(
    ("text", "region", "says"),
    [
        ("030 1234567", None, '"region": "DE"'),
        ("Tel: 030 123456 foo", "DE", "more than one number"),
        ("030 1234567 ext. 12", "DE", "extension"),
        ("030 1234567x12", "DE", "extension"),
        ("030 123456 / 78", "DE", "two numbers"),
        ("030 1234567; 040 1234567", "DE", "more than one number"),
        ("1-800-FLOWERS", "US", "more than one number"),
        ("12", "DE", "no number in DE has this form"),
        ("+999 1234567", None, "no number has this form"),
        ("0" * 5_000, "DE", "more than 60 characters"),
        (True, "DE", 'put the step "text" before it'),
    ],
)
def test_what_e164_cannot_keep_whole_is_refused(text: Cell, region: str | None, says: str) -> None:
    step = {"do": "phone", "region": region} if region else {"do": "phone"}
    assert refused(of_one("str", text, step), says)


@given(st.text(st.characters(codec="utf-8"), max_size=20) | st.from_regex(r"\A[+]?[0-9 /()-]{4,20}\Z"))
def test_a_phone_number_keeps_all_of_its_digits_at_its_end(text: str) -> None:
    found = of_one("str", text, {"do": "phone", "region": "DE"})
    if isinstance(found, str) and found != "no value":
        digits = "".join(char for char in text if char.isdigit())
        national = found.removeprefix("+49")
        assert national in digits or digits.endswith(found[-5:])
        assert not any(char.isalpha() for char in text)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.example.org/team?x=1#y", "example.org"),
        ("HTTP://Example.ORG:8080", "example.org"),
        ("example.org/", "example.org"),
        ("//example.org", "example.org"),
        ("www.example.org", "example.org"),
        ("www.de", "www.de"),
        ("https://sub.example.org.", "sub.example.org"),
        ("bücher.example", "bücher.example"),
    ],
)
def test_a_web_address_becomes_its_domain(text: str, domain: str) -> None:
    assert of_one("str", text, {"do": "domain"}) == domain


@pytest.mark.parametrize("text", ["ada@example.org", "mailto:ada@example.org", "n/a", "http://", "a b.org", "10.0.0.1"])
def test_what_is_no_web_address_is_refused(text: str) -> None:
    assert refused(of_one("str", text, {"do": "domain"}), "a web address or a domain", "correct it")


def test_www_can_be_kept() -> None:
    assert of_one("str", "http://www.example.org", {"do": "domain", "keep_www": True}) == "www.example.org"


@given(st.text(max_size=30) | st.emails() | st.from_regex(r"\A[a-z:/.@]{1,20}\Z"))
def test_addresses_and_domains_are_such_or_refused(text: str) -> None:
    for step, problem in ((("email", address_problem)), (("domain", domain_problem))):
        found = of_one("str", text, {"do": step})
        assert isinstance(found, CellProblem) or found == "no value" or problem(found) is None


def test_arrays_of_json_are_read() -> None:
    assert of_one("many", '["a","",null,2]', {"do": "json_array"}) == ["a", "2"]
    assert of_one("many", " a ", {"do": "json_array"}) == ["a"]
    assert refused(of_one("many", '["a",', {"do": "json_array"}), "a JSON array")


# --- several columns, constants, places ---


def test_a_problem_names_the_column_that_has_it() -> None:
    rules = [{"to": "many", "from": ["Work", "Home"], "steps": [{"do": "email"}]}]
    (problem,) = mapping(rules, ("Home", "Work")).row(["nothing", "ada@example.org"])
    assert isinstance(problem, CellProblem)
    assert problem.message.startswith('column "Home": expected an e-mail address, found the text "nothing"')


def test_all_problems_of_a_row_are_told() -> None:
    emails = {"to": "many", "from": ["A", "B"], "steps": [{"do": "email"}]}
    rules: list[dict[str, Any]] = [emails, {"to": "date", "from": ["C"]}]
    row = mapping(rules, ("A", "B", "C")).row(["x", "y", 5])
    assert [problem.column for problem in row if isinstance(problem, CellProblem)] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("slug", "more", "value"),
    [
        ("str", {"constant": "x"}, "x"),
        ("str", {"constant": None}, None),
        ("num", {"constant": 5}, 5),
        ("num", {"constant": "1.5"}, "1.5"),
        ("bool", {"constant": False}, False),
        ("date", {"constant": "2024-05-31"}, "2024-05-31"),
        ("many", {"constant": ["x", "y"]}, ["x", "y"]),
        ("tags", {"constant": "x"}, ["x"]),
        ("tags", {"constant": ["x"], "change": "append"}, {"_op": "append", "values": ["x"]}),
    ],
)
def test_a_constant_is_in_every_row(slug: str, more: dict[str, Any], value: object) -> None:
    row = mapping([{"to": slug, **more}], ()).row([])
    assert isinstance(row, bytes)
    assert json.loads(row) == {"default": {slug: value}}


def test_values_can_be_added_to_those_that_there_are() -> None:
    rules = [{"to": "tags", "from": ["A"], "steps": [{"do": "split", "separator": ","}], "change": "append"}]
    assert mapping(rules).row(["a, b"]) == b'{"default":{"tags":{"_op":"append","values":["a","b"]}}}'
    assert mapping(rules).row([""]) == b'{"default":{}}'


def test_a_column_that_is_to_be_empty_refuses_a_value() -> None:
    one = mapping([{"to": "str", "from": ["A"]}], ("A", "B"), empty=["B"])
    assert one.row(["x", ""]) == one.row(["x", None]) == one.row(["x", " "]) == one.row(["x"])
    for cell in ("y", 0, False, CellFault("#N/A")):
        (problem,) = one.row(["x", cell])
        assert isinstance(problem, CellProblem)
        assert problem.column == "B"
        assert 'lists it under "empty"' in problem.message


def test_what_is_left_out_is_named() -> None:
    one = mapping([{"to": "str", "from": ["A"]}], ("A", "B", "C"), leave_out=["B", "gone"], other_columns="leave_out")
    assert [column.name for column in one.left_out] == ["B", "C"]


def test_half_of_a_surrogate_pair_refuses_the_row() -> None:
    one = mapping([{"to": "str", "from": ["A"]}, {"to": "many", "from": ["B"]}], ("A", "B"))
    for cells in (["\ud800", "x"], ["x", "\ud800"]):
        (problem,) = one.row(cells)
        assert isinstance(problem, CellProblem)
        assert "half of a surrogate pair" in problem.message


@given(st.lists(st.sampled_from(["", "a", "b;c", "(clear)", "-", "x" * 50, None, 1, True]), max_size=30))
def test_rows_of_before_change_nothing(cells: list[Cell]) -> None:
    column = {"column": "A", "clear": "(clear)", "null_words": ["-"], "blank": "refuse"}
    rules = [{"to": "many", "from": [column], "steps": [{"do": "split", "separator": ";"}], "change": "append"}]
    together = mapping(rules)
    assert [together.row([cell]) for cell in cells] == [mapping(rules).row([cell]) for cell in cells]


_CELLS: list[Cell] = [
    "",
    "a",
    "1990-05-31",
    "1",
    None,
    1,
    True,
    Decimal("1.0"),
    Decimal(1),
    DAY,
    MOMENT,
    CLOCK,
    CellFault("#N/A"),
]


@given(
    st.lists(st.lists(st.sampled_from(_CELLS), max_size=4), max_size=12), st.sampled_from(["keep", "clear", "refuse"])
)
def test_rows_of_before_change_nothing_whatever_their_cells_are(rows: list[list[Cell]], absent: str) -> None:
    rules: list[dict[str, Any]] = [
        {"to": "str", "from": ["A"]},
        {"to": "date", "from": [{"column": "B", "absent": absent}], "steps": [{"do": "trim"}]},
        {"to": "many", "from": [{"column": "C", "blank": "clear", "absent": absent}]},
    ]
    header = ("A", "B", "C")
    together = mapping(rules, header)
    assert [together.row(cells) for cells in rows] == [mapping(rules, header).row(cells) for cells in rows]


def test_no_more_texts_are_remembered_than_are_allowed() -> None:
    one = mapping([{"to": "str", "from": ["A"], "steps": [{"do": "trim"}]}])
    for number in range(REMEMBERED_MAX + 10):
        one.row([f"{number} "])
    assert one.row(["7 "]) == b'{"default":{"str":"7"}}'
    *_, rule = one._rules[0]
    assert len(rule._known) < REMEMBERED_MAX


# --- faults of the document ---


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([{"to": "str", "from": ["a"]}], 'no column called "a"; did you mean "A"?'),
        ([{"to": "str", "from": ["D"]}], 'has 2 columns called "D"; say which, as in {"column": "D", "nth": 1}'),
        ([{"to": "str", "from": [{"column": "D", "nth": 3}]}], 'no 3rd column called "D", for the table has 2'),
        ([{"to": "strr", "from": ["A"]}], 'no property "strr"; did you mean "str"?'),
        ([{"to": "zzz", "from": ["A"]}], 'no property "zzz"; have it made with "make"'),
        ([{"to": "str", "from": ["A"]}, {"to": "str", "from": ["B"]}], 'two rules are for "str"'),
        ([{"to": "created_at", "from": ["A"]}], "is read only"),
        ([{"to": "str", "from": ["A", "B"]}], 'its 2 columns can give several; add the step "first" or "join"'),
        (
            [{"to": "str", "from": ["A"], "steps": [{"do": "split", "separator": ";"}]}],
            "the last split can give several",
        ),
        ([{"to": "str"}], "has no columns"),
        ([{"to": "str", "from": ["A"], "constant": "x"}], "has a constant and columns"),
        ([{"to": "str", "constant": "x", "steps": [{"do": "trim"}]}], "has a constant and steps"),
        ([{"to": "str", "constant": ["x"]}], "is a list"),
        ([{"to": "str", "constant": 5}], "must be a text in quotes, not the number 5"),
        ([{"to": "num", "constant": "1,5"}], "must be a number"),
        ([{"to": "num", "constant": True}], "must be a number, not true"),
        ([{"to": "bool", "constant": "yes"}], "must be true or false"),
        ([{"to": "date", "constant": "31.5.1990"}], "must be a date such as 2024-05-31"),
        ([{"to": "many", "constant": 5}], "or several in a list"),
        ([{"to": "str", "from": ["A"], "change": "append"}], "appends, but the property has the type str"),
        ([{"to": "num", "from": ["A"], "steps": [{"do": "email"}]}], "has the type num, and its steps make addresses"),
        ([{"to": "str", "from": ["A"], "steps": [{"do": "date", "order": "ymd"}]}], "its steps make dates"),
        ([{"to": "bool", "from": ["A"], "steps": [{"do": "number", "decimal": "."}]}], "its steps make numbers"),
        (
            [{"to": "num", "from": ["A"], "steps": [{"do": "number", "decimal": "."}, {"do": "email"}]}],
            'the step "email" reads texts, and is given numbers',
        ),
        (
            [{"to": "num", "from": ["A"], "steps": [{"do": "number", "decimal": ".", "thousands": "."}]}],
            "say which it is",
        ),
        ([{"to": "str", "from": ["A"], "steps": [{"do": "phone", "region": "XX"}]}], "which is no country"),
        ([{"to": "str", "from": ["A"], "steps": [{"do": "split", "separator": ";", "part": 0}]}], "no part 0"),
        ([{"to": "bool", "from": ["A"], "steps": [{"do": "boolean", "true": ["J"], "false": ["j"]}]}], "keep one"),
        (
            [
                {
                    "to": "str",
                    "from": ["A"],
                    "steps": [{"do": "map", "values": {"a": "x", "A": "y"}, "ignore_case": True}],
                }
            ],
            "which count as one",
        ),
        ([{"to": "str", "from": ["A"], "make": {"name": "Str", "type": "num"}}], "is there already with the type str"),
        ([{"to": "Shoe size", "from": ["A"], "make": {"name": "Shoe size"}}], 'can have the slug "Shoe size"'),
        ([{"to": "import", "from": ["A"], "make": {"name": "Import"}}], "which means a route"),
    ],
)
def test_faults_of_a_document_are_found_before_any_row(rules: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(MappingFaultsError) as caught:
        mapping(rules, ("A", "B", "D", "D"), other_columns="leave_out")
    assert says in str(caught.value)


def test_every_column_has_a_place() -> None:
    with pytest.raises(MappingFaultsError) as caught:
        mapping([{"to": "str", "from": ["A"]}], ("A", "B", ""))
    assert [fault.column for fault in caught.value.faults] == ["B", ""]
    assert 'column "B" has no place; map it to a property, or list it under "leave_out"' in str(caught.value)
    assert "column 3 has no place" in str(caught.value)


@pytest.mark.parametrize(("more", "says"), [({"leave_out": ["A"]}, "left out"), ({"empty": ["A"]}, '"empty"')])
def test_a_column_has_one_place(more: dict[str, Any], says: str) -> None:
    with pytest.raises(MappingFaultsError) as caught:
        mapping([{"to": "str", "from": ["A"]}], ("A",), **more)
    assert f"is mapped and {says}" in str(caught.value).replace("listed under ", "")


def test_a_document_for_another_type_is_refused() -> None:
    document = document_of({"version": 1, "type": "contact"})
    with pytest.raises(MappingFaultsError, match="is for the type contact, and the import is of the type deal"):
        RowMapping(document, (), TARGETS, "deal")


def test_a_property_that_is_to_be_made_takes_values_of_its_type() -> None:
    rules = [{"to": "shoe_size", "from": ["A"], "make": {"name": "Shoe size", "type": "num"}}]
    assert mapping(rules).row([44]) == b'{"default":{"shoe_size":44}}'


def test_native_properties_are_targets_with_their_options() -> None:
    targets = targets_of(native_schema("contact"))
    assert targets["created_at"].read_only
    assert targets["tags"].holds_many
    assert targets["company"].is_reference
    assert {"C-suite", "c_suite"} <= set(targets["seniority"].options)


# --- bounds ---


def test_faults_of_thousands_of_columns_are_found_in_linear_time() -> None:
    rules = [{"to": f"slug_{number}", "from": [f"Column {number}x"]} for number in range(2_000)]
    with pytest.raises(MappingFaultsError) as caught:
        mapping(rules, tuple(f"Column {number}" for number in range(2_000)))
    assert len(caught.value.faults) == 6_000
    assert len(str(caught.value)) < 5_000


@given(st.lists(st.text(max_size=4) | st.none() | st.integers() | st.booleans(), max_size=4))
def test_a_row_of_any_cells_is_json_or_problems(cells: list[Cell]) -> None:
    rules: list[dict[str, Any]] = [
        {"to": "str", "from": ["A"]},
        {"to": "many", "from": ["B"], "steps": [{"do": "split", "separator": ","}]},
        {"to": "num", "from": ["C"], "steps": [{"do": "number", "decimal": "."}]},
    ]
    row = mapping(rules, ("A", "B", "C")).row(cells)
    assert isinstance(row, tuple) or json.loads(row)["default"].keys() <= {"str", "many", "num"}
