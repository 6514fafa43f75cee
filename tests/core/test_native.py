"""Native properties: there, with ids that never change, and told on their page."""

from __future__ import annotations

import pytest

from prismd.core.properties.definitions import WRITABLE_TYPES
from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import OBJECT_TYPES, Kind, Property
from prismd.core.properties.slugs import is_slug
from reference.native_properties import PROPERTIES_PAGE, properties_page

ALL = [(object_type, prop) for object_type in OBJECT_TYPES for prop in native_schema(object_type)]


def test_ids_are_unique_and_stay_what_they_are() -> None:
    ids = [prop.id for _, prop in ALL] + [option.id for _, prop in ALL for option in prop.options]
    assert len(set(ids)) == len(ids)
    seniority = native_schema("contact").properties["seniority"]
    # Clients keep ids, and records hold those of options: if this fails, ids have changed and must be changed back.
    assert native_schema("contact").properties["email"].id == "ba5865e7-a3d7-568c-991f-f2b33a9df4ae"
    assert (
        next(option.id for option in seniority.options if option.slug == "vp") == "c0ddd003-2615-5940-a38f-567ce0959504"
    )


@pytest.mark.parametrize("object_type", OBJECT_TYPES)
def test_slugs_names_types_and_options_are_sound(object_type: str) -> None:
    schema = native_schema(object_type)
    names = [prop.name.casefold() for prop in schema]
    assert len(set(names)) == len(names)
    for slug, prop in schema.properties.items():
        assert slug == prop.slug
        assert is_slug(slug)
        assert prop.type in WRITABLE_TYPES
        assert prop.native
        options = [option.slug for option in prop.options]
        labels = [option.value for option in prop.options]
        assert all(map(is_slug, options))
        assert len(set(options)) == len(options)
        assert len(set(labels)) == len(labels)
        assert not options or prop.kind in (Kind.SELECT, Kind.MULTISELECT)


@pytest.mark.parametrize("object_type", OBJECT_TYPES)
def test_only_what_the_server_sets_is_read_only(object_type: str) -> None:
    read_only = {prop.slug for prop in native_schema(object_type) if prop.read_only and prop.inverse_of is None}
    assert read_only == {"created_at", "updated_at", "last_updated_at", "created_by", "updated_by"}
    assert "source_created_at" in native_schema(object_type).properties


@pytest.mark.parametrize(("object_type", "prop"), [pair for pair in ALL if pair[1].inverse_of])
def test_inverses_show_a_reference_to_their_own_type(object_type: str, prop: Property) -> None:
    assert prop.inverse_of is not None
    other, slug = prop.inverse_of
    assert prop.read_only
    assert prop.type == f"multiref_{other}"
    assert native_schema(other).properties[slug].target == object_type


@pytest.mark.parametrize(
    ("object_type", "slug", "wire_type"),
    [
        ("contact", "email", "str"),
        ("contact", "company", "ref_organization"),
        ("contact", "tags", "multiselect_str"),
        ("identity", "email_addresses", "multiref_contact"),
        ("identity", "first_degree", "bool"),
        ("organization", "domains", "multi_str"),
        ("organization", "primary_domain", "str"),
        ("organization", "employee_count", "num"),
        ("deal", "status", "select_str"),
        ("action", "recommended", "bool"),
        ("document", "people", "multiref_identity"),
        ("engagement", "people", "multiref_identity"),
        ("event", "attendees", "multiref_attendee"),
    ],
)
def test_types_are_those_of_the_contract(object_type: str, slug: str, wire_type: str) -> None:
    assert native_schema(object_type).properties[slug].type == wire_type


def test_the_page_of_properties_is_what_the_code_says() -> None:
    assert PROPERTIES_PAGE.read_text(encoding="utf-8") == properties_page(), "run `make docs`"
