"""Exports that are recognised by their header: what proves them, and what their columns become without a question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.mapping.layouts import recognised
from prismd.core.mapping.proposals import Proposals, propose
from prismd.core.mapping.rows import RowMapping
from prismd.core.mapping.targets import Target, Targets, targets_of
from prismd.core.properties.native import native_schema
from prismd.core.tables.columns.reading import ColumnReader
from tests.program_exports import EXPORTS, cells_of_export

CONTACT = targets_of(native_schema("contact"))
HEADER_SETS = Path(__file__).parent / "header_sets"
PROGRAMS = {
    "google_contacts": "Google Contacts", "outlook": "Outlook", "linkedin": "LinkedIn", "hubspot": "HubSpot",
    "salesforce": "Salesforce",
}  # fmt: skip


def headers() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield all headers of all programs in all languages."""
    for path in sorted(HEADER_SETS.glob("*.txt")):
        for table in path.read_text(encoding="utf-8").strip().split("\n\n"):
            lines = [line.split("|") for line in table.splitlines()]
            for at in range(1, len(lines[0])):
                yield path.stem, tuple(line[at] for line in lines[1:])


def proposed(rows: list[dict[str, str]], targets: Targets = CONTACT) -> Proposals:
    """Return the proposals for a table whose cells are read as those of files are."""
    readers = [ColumnReader(at, name) for at, name in enumerate(rows[0])]
    for line, row in enumerate(rows, 2):
        for reader in readers:
            reader.add(line, row[reader.name])
    return propose([reader.profile() for reader in readers], targets, "contact")


def of(found: Proposals, name: str) -> Any:
    return next(one.first for one in found.columns if one.column.name == name)


def test_a_header_proves_its_program_and_no_other() -> None:
    for program, names in headers():
        found = recognised(names)
        if program in PROGRAMS:
            assert found is not None, names
            assert found.program == PROGRAMS[program]
        else:
            assert found is None or (program, found.program) == ("zoho", "Zoho CRM"), (program, names)


@given(st.permutations(list(cells_of_export("outlook")[0])))
def test_the_order_of_the_columns_proves_nothing(names: list[str]) -> None:
    found = recognised(names)
    assert found is not None
    assert found.program == "Outlook"


@given(st.sets(st.sampled_from([name for _, names in headers() for name in names]), max_size=3))
def test_a_few_names_prove_nothing_of_a_wider_table(names: set[str]) -> None:
    found = recognised(["First Name", "Shoe size", *sorted(names)])
    assert found is None or found.least <= len(names)


@pytest.mark.parametrize("export", EXPORTS)
def test_every_cell_of_an_export_has_its_place_without_a_question(export: str) -> None:
    rows = cells_of_export(export)
    found = proposed(rows)
    assert [one.column.name for one in found.in_doubt] == []
    document = found.document()
    made = {rule.to: Target(rule.make.type, rule.make.name) for rule in document.rules if rule.make}
    mapping = RowMapping(document, list(rows[0]), {**CONTACT, **made}, "contact")
    assert all(isinstance(mapping.row(list(row.values())), bytes) for row in rows)
    # The next export finds the properties that this one made, and makes no second ones.
    assert [rule.to for rule in proposed(rows, {**CONTACT, **made}).document().rules if rule.make] == []


def test_a_table_of_no_program_is_still_asked_about() -> None:
    found = proposed([{"First Name": "Ada", "Shoe Size": "38"}])
    assert [one.column.name for one in found.in_doubt] == ["Shoe Size"]


def test_cells_that_contradict_their_name_stay_a_question() -> None:
    rows = [{**row, "E-mail 1 - Value": row["First Name"]} for row in cells_of_export("google")]
    assert [one.column.name for one in proposed(rows).in_doubt] == ["E-mail 1 - Value"]


def test_a_word_that_is_no_option_is_found_behind_the_first_examples() -> None:
    rows = cells_of_export("outlook")
    assert of(proposed(rows), "Department").slug == "department"
    rows[-1]["Department"] = "Lighthouse keeping"
    for number, row in enumerate(rows[:-1]):
        row["Department"] = ("Sales", "Research", "Marketing", "Finance", "Legal", "Design")[number % 6]
    department = of(proposed(rows), "Department")
    assert (department.kind, department.slug, department.rule.make.type) == ("make", "department_imported", "str")


def test_texts_are_no_options_and_are_not_split() -> None:
    rows = [{**row, "Company": "Berg & Sons, Inc."} for row in cells_of_export("outlook")]
    company = of(proposed(rows), "Company").rule
    assert (company.to, company.make.type, company.steps) == ("company_name", "str", ())


def test_the_group_of_all_contacts_is_no_label() -> None:
    found = proposed(cells_of_export("google"))
    labels = of(found, "Labels")
    assert '"* myContacts"' in labels.note
    made = {rule.to: Target(rule.make.type) for rule in found.document().rules if rule.make}
    mapping = RowMapping(found.document(), list(cells_of_export("google")[0]), {**CONTACT, **made})
    row = {**cells_of_export("google")[0], "Labels": "Friends ::: * myContacts ::: Book club"}
    wire = mapping.row(list(row.values()))
    assert isinstance(wire, bytes)
    assert b'"labels":["Friends","Book club"]' in wire


@pytest.mark.parametrize(("others", "kind"), [(["5/31/1994", "1/2/1980"], "date"), (["x"], "text"), ([], "text")])
def test_a_date_of_zeros_is_no_date_where_the_others_are(others: list[str], kind: str) -> None:
    reader = ColumnReader(0, "Birthday")
    for line, text in enumerate(["0/0/00", *others, "0/0/00"], 2):
        reader.add(line, text)
    profile = reader.profile()
    assert kind in profile.kinds
    assert profile.null_words == (() if others == ["x"] else ("0/0/00",))
    assert bool(profile.date_forms) is (kind == "date")


@pytest.mark.parametrize("name", ["Paid", "Plan", "Rate", "Score", "Store", "Game", "Stale", "Cable", "Votes", "Home"])
@pytest.mark.parametrize("object_type", ["contact", "identity", "organization", "deal"])
def test_a_word_of_its_own_is_no_slip_of_the_pen(name: str, object_type: str) -> None:
    found = propose([ColumnReader(0, name).profile()], targets_of(native_schema(object_type)), object_type)
    assert found.columns[0].first.kind == "make"
