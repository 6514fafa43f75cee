"""What a team may define: names, slugs, types and limits."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from prismd.core.definitions import (
    WRITABLE_TYPES,
    DefinitionLimits,
    NewOption,
    NewProperty,
    change_option,
    change_property,
    define_option,
    define_property,
)
from prismd.core.errors import PrismdError
from prismd.core.native import native_schema
from prismd.core.schema import ObjectSchema, Property

LIMITS = DefinitionLimits(properties_max=3, options_max=4)
NATIVE = native_schema("contact")


def new_ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"0190aaaa-0000-7000-8000-{next(numbers):012d}"


def define(schema: ObjectSchema = NATIVE, **asked: Any) -> Property:
    return define_property(
        schema, NewProperty(**{"name": "Shoe size", "type": "num"} | asked), new_id=new_ids(), limits=LIMITS
    )


def refused(act: Callable[[], object]) -> PrismdError:
    with pytest.raises(PrismdError) as caught:
        act()
    return caught.value


def with_property(prop: Property, schema: ObjectSchema = NATIVE) -> ObjectSchema:
    return ObjectSchema(schema.object_type, {**schema.properties, prop.slug: prop})


COLOUR = define(
    name="Colour", type="select_str",
    options=(NewOption(value="Red"), NewOption(value="red"), NewOption(value="Dark red", slug="red_2")),
)  # fmt: skip


def test_slugs_are_derived_and_numbered_but_explicit_ones_are_kept() -> None:
    assert define().slug == "shoe_size"
    assert define(name="E-Mail").slug == "e_mail"
    assert define(name="e mail!", slug="mail").slug == "mail"
    assert define(with_property(define()), name="Shoe-size").slug == "shoe_size_2"
    assert define(name="ID").slug == "id_2"
    assert [option.slug for option in COLOUR.options] == ["red", "red_3", "red_2"]
    assert [option.sort_index for option in COLOUR.options] == [0, 1, 2]


def test_a_list_has_names_and_slugs_of_its_own() -> None:
    everywhere, own = define(slug="size"), define(slug="size", list_id="one")
    schema = ObjectSchema("contact", {**NATIVE.properties, everywhere.key: everywhere, own.key: own})
    assert (everywhere.key, own.key) == ("size", "one/size")
    assert define(schema, slug="size", list_id="two").key == "two/size"
    for scope in (None, "one"):
        assert refused(partial(define, schema, list_id=scope)).code == "name_taken"
        assert refused(partial(define, schema, name="Other", slug="size", list_id=scope)).code == "slug_taken"
    assert define(schema, name="Email", list_id="one").slug == "email_2"
    assert define(schema, name="Email", slug="email", list_id="one").key == "one/email"
    for list_id in (None, "one"):
        assert define(name="App stage", list_id=list_id).slug == "app_stage_2"
    assert change_property(schema, own, {"name": "email"}).name == "email"
    assert refused(lambda: change_property(schema, everywhere, {"name": "email"})).code == "name_taken"


@pytest.mark.parametrize("wire_type", WRITABLE_TYPES)
def test_every_type_of_the_contract_can_be_defined(wire_type: str) -> None:
    assert define(type=wire_type).type == wire_type


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"type": "jsonb"}, "invalid_request", ".body.type"),
        ({"type": "ref_deal"}, "invalid_request", ".body.type"),
        ({"type": "Str"}, "invalid_request", ".body.type"),
        ({"name": "  "}, "invalid_request", ".body.name"),
        ({"name": "x" * 201}, "invalid_request", ".body.name"),
        ({"name": "a\0"}, "invalid_request", ".body.name"),
        ({"name": "\ud800"}, "invalid_request", ".body.name"),
        ({"slug": "Shoe"}, "invalid_request", ".body.slug"),
        ({"slug": ""}, "invalid_request", ".body.slug"),
        ({"icon": "\ud800"}, "invalid_request", ".body.icon"),
        ({"role_id": "none"}, "invalid_request", ".body.role_id"),
        ({"options": (NewOption(value="x"),)}, "invalid_request", ".body.options"),
        ({"type": "select_str", "options": (NewOption(value="x"), NewOption(value=" "))}, "invalid_request",
         ".body.options[1].value"),
        ({"type": "select_str", "options": (NewOption(value="x", sort_index=-1),)}, "invalid_request",
         ".body.options[0].sort_index"),
        ({"type": "select_str", "options": (NewOption(value="x", sort_index=2**31),)}, "invalid_request",
         ".body.options[0].sort_index"),
        ({"type": "select_str", "options": (NewOption(value="x", slug="X"),)}, "invalid_request",
         ".body.options[0].slug"),
        ({"type": "select_str", "options": (NewOption(value="x"),) * 5}, "invalid_request", ".body.options"),
        ({"type": "select_str", "options": (NewOption(value="x", slug="x"),) * 2}, "slug_taken", None),
        ({"name": " EMAIL "}, "name_taken", None),
        ({"slug": "email"}, "slug_taken", None),
        ({"slug": "id"}, "slug_taken", None),
    ],
)  # fmt: skip
def test_what_cannot_be_defined_is_refused(asked: dict[str, Any], code: str, field: str | None) -> None:
    error = refused(lambda: define(**asked))
    assert error.code == code
    assert [problem.field for problem in error.problems] == ([field] if field else [])


def test_a_taken_name_names_the_property_that_has_it() -> None:
    assert '"Email" (`email`)' in refused(lambda: define(name="eMail")).message


def test_there_is_a_most_of_properties_and_options() -> None:
    schema = NATIVE
    for number in range(3):
        schema = with_property(define(schema, name=f"Size {number}"), schema)
    assert "3 custom properties" in refused(lambda: define(schema)).message
    full = define(name="Colour", type="select_str", options=tuple(NewOption(value=name) for name in "abcd"))
    error = refused(lambda: define_option(full, NewOption(value="e"), new_id=new_ids(), limits=LIMITS))
    assert "4 options" in error.message


def test_a_property_changes_its_name_unless_another_has_it() -> None:
    schema = with_property(COLOUR)
    assert change_property(schema, COLOUR, {"name": "COLOUR", "icon": None}).name == "COLOUR"
    assert refused(lambda: change_property(schema, COLOUR, {"name": "Title"})).code == "name_taken"
    assert refused(lambda: change_property(schema, COLOUR, {"name": ""})).problems[0].field == ".body.name"


def test_options_belong_to_select_properties_and_keep_their_slugs_apart() -> None:
    def add(prop: Property, **asked: Any) -> object:
        return define_option(prop, NewOption(**{"value": "Green"} | asked), new_id=new_ids(), limits=LIMITS)

    assert refused(lambda: add(define())).problems[0].field == ".path.propertyId"
    assert refused(lambda: add(COLOUR, slug="red")).code == "slug_taken"
    red, other = COLOUR.options[:2]
    assert change_option(COLOUR, red, {"slug": "red", "value": "RED"}).value == "RED"
    assert refused(lambda: change_option(COLOUR, red, {"slug": other.slug})).code == "slug_taken"
    assert refused(lambda: change_option(COLOUR, red, {"slug": "no slug"})).problems[0].field == ".body.slug"
    assert refused(lambda: change_option(COLOUR, red, {"value": "\n"})).problems[0].field == ".body.value"
