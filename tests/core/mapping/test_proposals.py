"""Proposals of a mapping: what is taken without asking, what is not, and that nothing is lost."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.mapping.document import MappingDocument, document_of
from prismd.core.mapping.proposals import ColumnProposals, Proposals, propose
from prismd.core.mapping.rows import RowMapping
from prismd.core.mapping.targets import Target, Targets, targets_of
from prismd.core.properties.native import native_schema
from prismd.core.tables.columns.forms import DateForm, NumberForm
from prismd.core.tables.columns.profile import ColumnProfile

CONTACT, IDENTITY, ORGANIZATION = (targets_of(native_schema(name)) for name in ("contact", "identity", "organization"))


def column(name: str, *examples: str, kinds: str = "", **more: Any) -> ColumnProfile:
    """Return a column of which the examples are all cells."""
    return ColumnProfile(
        0, name, rows=len(examples), filled=len(examples), distinct=len(set(examples)), examples=examples,
        kinds=frozenset({"text", *kinds.split()}), **more,
    )  # fmt: skip


def proposals(targets: Targets, object_type: str, *columns: ColumnProfile | str, before: Any = ()) -> Proposals:
    made = [column(one) if isinstance(one, str) else one for one in columns]
    placed = [
        ColumnProfile(place, **{name: getattr(one, name) for name in one.__slots__ if name != "position"})
        for place, one in enumerate(made)
    ]
    return propose(placed, targets, object_type, before)


def one(*columns: ColumnProfile | str, targets: Targets = CONTACT, object_type: str = "contact") -> ColumnProposals:
    return proposals(targets, object_type, *columns).columns[0]


def taken(found: Proposals) -> dict[str, list[str]]:
    """Return the columns of each property that is taken without asking."""
    return {
        rule.to: [wanted if isinstance(wanted, str) else wanted.column for wanted in rule.columns]
        for rule in found.document().rules
    }


# --- names ---


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("email", "email"),
        ("First name", "first_name"),
        ("FirstName", "first_name"),
        ("FIRST_NAME", "first_name"),
        ("Prénom", "first_name"),
        ("PRENOM", "first_name"),
        ("Courriel", "email"),
        ("Contact Email", "email"),
        ("E-mail 1 - Value", "email"),
        ("Adresse 1 - Ort", "city"),
    ],
)
def test_a_known_name_is_taken(name: str, slug: str) -> None:
    found = one(name)
    assert (found.first.slug, found.first.sure) == (slug, True)
    assert found.first.reason


@pytest.mark.parametrize("name", ["Frist name", "Emial", "Vornmae"])
def test_a_misspelt_name_is_asked_about(name: str) -> None:
    found = one(name)
    assert found.first.kind == "property"
    assert not found.first.sure
    assert "nearly" in found.first.reason


@pytest.mark.parametrize(
    "name", ["Email opt out", "Email Status", "Phone", "Middle Name", "Parent account", "xyz", "Created at by"]
)
def test_a_name_without_a_property_is_never_taken(name: str) -> None:
    assert [each.kind for each in one(name).ranked] == ["make", "leave_out"]
    assert not one(name).first.sure


def test_a_property_of_the_server_is_never_proposed() -> None:
    assert "created_at" not in [each.slug for each in one("created_at").ranked]
    assert one("Created at").first.slug == "source_created_at"


def test_a_reference_takes_ids_alone() -> None:
    company = one("Company")
    assert company.first.kind == "make"
    assert company.first.slug == "company_name"
    assert '"company" takes ids' in company.first.reason
    ids = column("Company", "6f0c8f3e-3c0b-5d5e-9a53-0b1f5c3a7d11")
    assert one(ids).first.slug == "company"
    assert one("Email", targets=IDENTITY, object_type="identity").first.slug == "email_addresses"


def test_a_name_of_two_properties_is_asked_about() -> None:
    estado = one("Estado", targets=ORGANIZATION, object_type="organization")
    assert [each.slug for each in estado.ranked[:2]] == ["state", "status"]
    assert not estado.first.sure
    assert not one("Estado").first.sure  # a contact has a status, but the column may be of a state


@pytest.mark.parametrize("name", ["Titel", "Tytuł", "Título"])
def test_a_title_in_other_languages_is_asked_about(name: str) -> None:
    assert (one(name).first.slug, one(name).first.sure) == ("title", False)
    assert one("Title").first.sure


def test_an_id_alone_is_asked_about() -> None:
    first = one("id", targets=IDENTITY, object_type="identity").first
    assert (first.slug, first.sure) == ("source_record_id", False)


def test_the_language_of_the_other_columns_decides() -> None:
    dutch = proposals(ORGANIZATION, "organization", "Staat", "Postcode", "Bedrijfsnaam", "Straat")
    german = proposals(ORGANIZATION, "organization", "Staat", "Postleitzahl", "Firmenname", "Straße")
    assert (dutch.columns[0].first.slug, german.columns[0].first.slug) == ("state", "country")


def test_properties_of_the_team_are_found_by_other_names() -> None:
    targets = {**CONTACT, "telefon": Target("str", "Telefon")}
    found = one("Phone", targets=targets).first
    assert (found.slug, found.sure) == ("telefon", False)
    assert one("Telefon", targets=targets).first.sure


# --- several columns ---


def test_a_name_beside_the_other_part_is_a_part() -> None:
    assert taken(proposals(IDENTITY, "identity", "Vorname", "Name")) == {
        "first_name": ["Vorname"],
        "last_name": ["Name"],
    }
    assert taken(proposals(IDENTITY, "identity", "Nome", "Cognome")) == {
        "first_name": ["Nome"],
        "last_name": ["Cognome"],
    }
    assert taken(proposals(IDENTITY, "identity", "Nome")) == {"full_name": ["Nome"]}


def test_a_first_and_a_last_name_make_a_whole_one_where_there_is_no_other_place() -> None:
    targets = {"full_name": Target("str", "Full name"), "email": Target("str", "Email")}
    found = proposals(targets, "contact", "First Name", "Email", "Last Name")
    assert taken(found) == {"full_name": ["First Name", "Last Name"], "email": ["Email"]}
    mapping = RowMapping(found.document(), ("First Name", "Email", "Last Name"), targets)
    assert mapping.row(["Ada", "", "King"]) == b'{"default":{"full_name":"Ada King"}}'
    whole = proposals(targets, "contact", "First Name", "Full Name", "Last Name")
    assert taken(whole) == {"full_name": ["Full Name"]}


def test_columns_of_a_kind_make_one_property_of_several_values() -> None:
    found = proposals(IDENTITY, "identity", "E-mail 2 - Value", "E-mail 1 - Value", "E-mail 1 - Type")
    assert taken(found) == {"email_addresses": ["E-mail 1 - Value", "E-mail 2 - Value"]}
    assert found.columns[0].first is found.columns[1].first


def test_columns_that_need_other_steps_are_not_put_together() -> None:
    found = proposals(
        IDENTITY,
        "identity",
        column("Labels", "a;b", "c", separators=(";",)),
        column("Label", "d,e", "f", separators=(",",)),
        column("Groups", "g;h", "i", separators=(";",)),
    )
    assert taken(found) == {"labels": ["Labels", "Groups"]}
    assert [each.column.name for each in found.in_doubt] == ["Label"]
    alone = found.columns[1].first
    assert (alone.slug, alone.columns) == ("labels", (1,))


def test_no_two_columns_are_taken_for_a_property_of_one_value() -> None:
    found = proposals(CONTACT, "contact", "Home City", "Business City", "Job Title", "Title")
    assert taken(found) == {"city": ["Business City"], "title": ["Job Title"]}
    assert found.columns[0].first.kind == "make"
    assert (
        '"Business City" is the first choice'
        in next(each for each in found.columns[0].ranked if each.slug == "city").reason
    )


def test_two_columns_with_the_same_claim_are_asked_about() -> None:
    found = proposals(CONTACT, "contact", "Email", "E-mail address")
    assert taken(found) == {}
    assert found.columns[0].first.slug == "email"
    assert '"E-mail address" may be meant as well' in found.columns[0].first.reason


def test_a_column_without_values_gives_way_to_one_with_values() -> None:
    empty = ColumnProfile(0, "Business City", rows=9)
    found = proposals(CONTACT, "contact", empty, column("Home City", "London"))
    assert taken(found) == {"city": ["Home City"]}
    assert found.columns[0].first.kind == "empty"


# --- cells ---


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (column("Email", "Ada", "Charles"), "not all of its values are e-mail addresses"),
        (column("First name", "ada@example.org", kinds="email"), "its values are e-mail addresses"),
        (column("City", "12", "13", kinds="integer number"), "its values are numbers"),
        (column("Title", "Mr.", "Dr."), "its values stand before names"),
        (column("Seniority", "Chief"), "no options of the property"),
        (column("LinkedIn", "ada@example.org", kinds="email"), "its values are e-mail addresses"),
        (column("LinkedIn", "https://example.org/ada", kinds="url"), "leads to another site"),
    ],
)
def test_cells_that_contradict_the_name_are_asked_about(cells: ColumnProfile, why: str) -> None:
    found = one(cells)
    assert not found.first.sure
    assert why in next(each for each in found.ranked if each.kind == "property").reason


@pytest.mark.parametrize(
    ("cells", "slug"),
    [
        (column("X1", "ada@example.org", kinds="email"), "email"),
        (column("X1", "https://www.linkedin.com/in/ada", kinds="url"), "linkedin"),
        (column("X1", "Director", "VP"), "seniority"),
    ],
)
def test_cells_alone_are_a_guess(cells: ColumnProfile, slug: str) -> None:
    found = one(cells)
    assert (found.first.slug, found.first.sure) == (slug, False)


def test_steps_follow_from_the_cells() -> None:
    found = proposals(
        ORGANIZATION,
        "organization",
        column("Jahresumsatz", "1.234,50", kinds="number", number_forms=(NumberForm(",", "."),)),
        column("Gründungsjahr", "1999", "N/A", kinds="integer", number_forms=(NumberForm("."),), null_words=("N/A",)),
        column("Erstellt am", "31.12.2024", kinds="date", date_forms=(DateForm("dmy"),)),
        column("Website", "https://www.example.org", kinds="url"),
        column("Labels", "a; b", separators=(";",)),
    )
    header = [each.column.name for each in found.columns]
    row = RowMapping(found.document(), header, ORGANIZATION).row(
        ["1.234,50", "N/A", "31.12.2024", "https://www.example.org", "a; b"]
    )
    assert row == (
        b'{"default":{"estimated_annual_revenue":1234.50,"source_created_at":"2024-12-31",'
        b'"primary_domain":"example.org","labels":["a","b"]}}'
    )


@pytest.mark.parametrize(
    "cells",
    [
        column("Created", "01/02/2024", kinds="date", date_forms=(DateForm("dmy"), DateForm("mdy"))),
        column("Annual revenue", "1,234", kinds="number", number_forms=(NumberForm(",", "."), NumberForm(".", ","))),
        column("Annual revenue", "5 €", kinds="number", number_forms=(NumberForm(".", currency="€"),)),
        column("Annual revenue", "5 %", kinds="number", number_forms=(NumberForm(".", percent=True),)),
        column("Labels", "a;b,c", separators=(";", ",")),
    ],
)
def test_cells_that_can_be_read_in_two_ways_are_asked_about(cells: ColumnProfile) -> None:
    found = one(cells, targets=ORGANIZATION, object_type="organization")
    assert found.first.kind == "property"
    assert not found.first.sure


@pytest.mark.parametrize(
    ("cells", "wire_type"),
    [
        (column("Shoe size", "41", "42", kinds="integer number", number_forms=(NumberForm("."),)), "num"),
        (column("Met on", "2024-05-31", kinds="date", date_forms=(DateForm("ymd"),)), "date"),
        (column("VIP", *["yes", "no"] * 9, kinds="boolean", boolean_words=("yes", "no")), "bool"),
        (column("Diet", *["vegan", "none"] * 9), "select_str"),
        (column("Langs", *["de;en", "en"] * 9, separators=(";",)), "multiselect_str"),
        (column("Motto", "a", "b", "c"), "str"),
        (column("Story", "x" * 300, "y"), "text"),
        (column("Second phone", "+49 30 1", kinds="phone"), "str"),
    ],
)
def test_a_property_that_can_be_made_has_the_type_of_the_cells(cells: ColumnProfile, wire_type: str) -> None:
    made = next(each for each in one(cells).ranked if each.kind == "make")
    assert made.rule is not None
    assert made.rule.make is not None
    assert made.rule.make.type == wire_type
    assert not made.sure


def test_a_column_without_values_is_held_to_it() -> None:
    found = proposals(
        CONTACT, "contact", ColumnProfile(0, "Xyz", rows=9), column("Email", "ada@example.org", kinds="email")
    )
    mapping = RowMapping(found.document(), ("Xyz", "Email"), CONTACT)
    assert isinstance(mapping.row(["", "ada@example.org"]), bytes)
    assert isinstance(mapping.row(["value", "ada@example.org"]), tuple)


# --- decided before ---

BEFORE = document_of(
    {
        "version": 1,
        "type": "contact",
        "rules": [{"to": "title", "from": ["Wert 1"], "steps": [{"do": "trim"}]}, {"to": "email", "from": ["Wert 2"]}],
        "leave_out": ["Wert 3"],
    }
)


def test_what_was_decided_for_the_same_columns_is_taken_again() -> None:
    found = proposals(CONTACT, "contact", "Wert 1", "Wert 2", "Wert 3", before=[BEFORE])
    assert found.document() == BEFORE
    assert not found.in_doubt
    assert "before" in found.columns[0].first.reason


def test_what_was_decided_for_other_columns_is_asked_about() -> None:
    found = proposals(CONTACT, "contact", "Wert 1", "Wert 4", before=[BEFORE])
    assert (found.columns[0].first.slug, found.columns[0].first.sure) == ("title", False)


def test_a_decision_that_does_not_fit_any_more_is_left() -> None:
    targets = {slug: target for slug, target in CONTACT.items() if slug != "title"}
    found = proposals(targets, "contact", "Wert 1", "Wert 2", "Wert 3", before=[BEFORE])
    assert found.columns[0].first.kind == "make"
    assert not proposals(CONTACT, "deal", "Wert 1", before=[BEFORE]).columns[0].first.sure


def test_a_decision_and_a_name_that_agree_are_taken_and_others_are_asked_about() -> None:
    before = document_of(
        {"version": 1, "rules": [{"to": "email", "from": ["Email"]}, {"to": "title", "from": ["City"]}]}
    )
    found = proposals(CONTACT, "contact", "Email", "City", "Country", before=[before])
    assert [(each.first.slug, each.first.sure) for each in found.columns] == [
        ("email", True),
        ("title", False),
        ("country", True),
    ]
    assert [each.slug for each in found.columns[1].ranked[:2]] == ["title", "city"]


def test_a_decision_keeps_what_its_mapping_said_of_all_cells() -> None:
    cells = {"blank": "refuse", "clear": "(clear)", "null_words": ["-"]}
    before = document_of({"version": 1, "cells": cells, "rules": [{"to": "title", "from": ["Wert"]}]})
    mapping = RowMapping(proposals(CONTACT, "contact", "Wert", before=[before]).document(), ["Wert"], CONTACT)
    assert mapping.row(["(clear)"]) == b'{"default":{"title":null}}'
    assert isinstance(mapping.row(["-"]), tuple)


def test_the_newest_decision_counts() -> None:
    newer = document_of({"version": 1, "rules": [{"to": "city", "from": ["Wert 1"]}]})
    assert proposals(CONTACT, "contact", "Wert 1", before=[newer, BEFORE]).columns[0].first.slug == "city"


# --- whatever the table ---

NAMES = st.one_of(
    st.sampled_from(
        ["Email", "E-mail 2", "First Name", "Name", "Nom", "Title", "City", "Home City", "Labels", "Tags", ""]
    ),
    st.text(st.characters(codec="utf-8"), max_size=12),
)
KINDS = st.frozensets(
    st.sampled_from(["integer", "number", "boolean", "date", "datetime", "email", "url", "domain", "phone"]), max_size=3
)
PROFILES = st.builds(
    ColumnProfile,
    st.just(0),
    NAMES,
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(0, 5),
    st.lists(st.text(max_size=5), max_size=3).map(tuple),
    KINDS.map(lambda kinds: kinds | {"text"}),
    st.sampled_from([(), (DateForm("dmy"),), (DateForm("dmy"), DateForm("mdy"))]),
    st.sampled_from([(), (NumberForm(","),), (NumberForm(".", percent=True),)]),
    st.sampled_from([None, ("yes", "no")]),
    st.sampled_from([(), ("N/A",)]),
    st.sampled_from([(), (";",), (",", ";")]),
)


DECIDED = st.builds(
    lambda rules, leave_out: document_of({"version": 1, "rules": rules, "leave_out": leave_out}),
    st.lists(
        st.builds(
            lambda slug, names: {"to": slug, "from": names, "steps": [{"do": "join"}] if len(names) > 1 else []},
            st.sampled_from(["email", "title", "city", "full_name", "tags", "email_addresses", "name"]),
            st.lists(
                st.sampled_from(["Email", "First Name", "City", "Tags", "Labels", "Name"]), min_size=1, max_size=2
            ),
        ),
        max_size=3,
    ),
    st.lists(st.sampled_from(["Email", "City", "Xyz"]), max_size=2),
)


@given(
    st.lists(PROFILES, max_size=6),
    st.sampled_from(["contact", "identity", "organization", "deal"]),
    st.lists(DECIDED, max_size=2),
)
@example([column("Email"), column("Email"), column("Email")], "contact", [])
def test_every_column_has_choices_that_make_a_mapping(
    columns: list[ColumnProfile], object_type: str, before: list[MappingDocument]
) -> None:
    targets = targets_of(native_schema(object_type))
    found = proposals(targets, object_type, *columns, before=before)
    assert len(found.columns) == len(columns)
    single = [each.slug for each in found.automatic if each.slug]
    assert len(single) == len(set(single))
    choices = {each.column.position: each.ranked[-1] for each in found.in_doubt}
    document = found.document(choices)
    RowMapping(document, [each.column.name for each in found.columns], targets, object_type)
    made = {
        each.column.position: next((one for one in each.ranked if one.kind == "make"), each.ranked[-1])
        for each in found.in_doubt
    }
    RowMapping(found.document(made), [each.column.name for each in found.columns], targets, object_type)


def test_a_column_in_doubt_has_no_place_until_it_is_chosen() -> None:
    found = proposals(CONTACT, "contact", "Email", "Xyz")
    assert found.document() == MappingDocument(version=1, type="contact", rules=found.document().rules)
    assert [each.column.name for each in found.in_doubt] == ["Xyz"]
    left = found.columns[1].ranked[-1]
    assert found.document({1: left}).leave_out == ("Xyz",)


def test_a_choice_takes_the_place_of_what_is_sure() -> None:
    found = proposals(CONTACT, "contact", "Email", "Xyz")
    assert found.document({0: found.columns[0].ranked[-1]}).leave_out == ("Email",)


def test_thousands_of_columns_take_a_second() -> None:
    columns = [ColumnProfile(place, f"Spalte {place} E-Mail") for place in range(5_000)]
    started = process_time()
    found = propose(columns, IDENTITY, "identity")
    assert process_time() - started < 4
    assert len(found.columns) == 5_000
