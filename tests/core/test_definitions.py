"""What a team may define: names, slugs, types and limits."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from prismd.core.lists.templates import TEMPLATES
from prismd.core.properties.definitions import WRITABLE_TYPES, NewProperty, change_property, define_property
from prismd.core.properties.native import native_schema
from prismd.core.properties.option_definitions import DefinitionLimits, NewOption, change_option, define_option
from prismd.core.properties.option_names import OptionNames, folded
from prismd.core.properties.roles import DAY_ROLE, usual_role
from prismd.core.properties.schema import OBJECT_TYPES, ObjectSchema, Property
from prismd.core.properties.slugs import RESERVED, is_slug
from tests.refusals import refusal

LIMITS = DefinitionLimits(properties_max=3, options_max=4, options_left=10)
NATIVE = native_schema("contact")


def new_ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"0190aaaa-0000-7000-8000-{next(numbers):012d}"


def define(schema: ObjectSchema = NATIVE, **asked: Any) -> Property:
    return define_property(
        schema, NewProperty(**{"name": "Shoe size", "type": "num"} | asked), new_id=new_ids(), limits=LIMITS
    )


def with_property(prop: Property, schema: ObjectSchema = NATIVE) -> ObjectSchema:
    return ObjectSchema(schema.object_type, {**schema.properties, prop.slug: prop})


COLOUR = define(
    name="Colour", type="select_str",
    options=(NewOption(value="Red"), NewOption(value="Red!"), NewOption(value="Dark red", slug="red_2")),
)  # fmt: skip


def test_slugs_are_derived_and_numbered_but_explicit_ones_are_kept() -> None:
    assert define().slug == "shoe_size"
    assert define(name="E-Mail").slug == "e_mail"
    assert define(name="e mail!", slug="mail").slug == "mail"
    assert define(with_property(define()), name="Shoe-size").slug == "shoe_size_2"
    assert define(name="ID").slug == "id_2"
    assert define(name="北京").slug == "beijing"
    assert define(name="Электронная почта").slug == "elektronnaya_pochta"
    assert [option.slug for option in COLOUR.options] == ["red", "red_3", "red_2"]
    assert [option.sort_index for option in COLOUR.options] == [0, 1, 2]


def test_a_list_has_names_and_slugs_of_its_own() -> None:
    everywhere, own = define(slug="size"), define(slug="size", list_id="one")
    schema = ObjectSchema("contact", {**NATIVE.properties, everywhere.key: everywhere, own.key: own})
    assert (everywhere.key, own.key) == ("size", "one/size")
    assert define(schema, slug="size", list_id="two").key == "two/size"
    for scope in (None, "one"):
        assert refusal(partial(define, schema, list_id=scope)).code == "name_taken"
        assert refusal(partial(define, schema, name="Other", slug="size", list_id=scope)).code == "slug_taken"
    assert define(schema, name="Email", list_id="one").slug == "email_2"
    assert define(schema, name="Email", slug="email", list_id="one").key == "one/email"
    for list_id in (None, "one"):
        assert define(name="App stage", list_id=list_id).slug == "app_stage_2"
    assert change_property(schema, own, {"name": "email"}).name == "email"
    assert refusal(lambda: change_property(schema, everywhere, {"name": "email"})).code == "name_taken"


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
        *(({"slug": slug}, "slug_taken", None) for slug in sorted(RESERVED)),
        ({"name": "\ufeff\u200b"}, "invalid_request", ".body.name"),
        ({"name": "\ufeffE\u200bmail".replace("\u200b", "")}, "name_taken", None),
        ({"type": "select_str", "options": (NewOption(value="Red"), NewOption(value=" RED"))}, "name_taken", None),
        ({"type": "select_str", "options": (NewOption(value="C++", slug="c"), NewOption(value="C"))}, "slug_taken",
         None),
        ({"type": "select_str", "options": (NewOption(value="Red", slug="low"), NewOption(value="Low"))}, "slug_taken",
         None),
    ],
)  # fmt: skip
def test_what_cannot_be_defined_is_refused(asked: dict[str, Any], code: str, field: str | None) -> None:
    error = refusal(lambda: define(**asked))
    assert error.code == code
    assert [problem.field for problem in error.problems] == ([field] if field else [])


def test_a_taken_name_names_the_property_that_has_it() -> None:
    assert '"Email" (`email`)' in refusal(lambda: define(name="eMail")).message


def test_there_is_a_most_of_properties_and_options() -> None:
    schema = NATIVE
    for number in range(3):
        schema = with_property(define(schema, name=f"Size {number}"), schema)
    assert "3 custom properties" in refusal(lambda: define(schema)).message
    full = define(name="Colour", type="select_str", options=tuple(NewOption(value=name) for name in "abcd"))
    error = refusal(lambda: define_option(full, NewOption(value="e"), new_id=new_ids(), limits=LIMITS))
    assert "4 options" in error.message


def test_a_property_changes_its_name_unless_another_has_it() -> None:
    schema = with_property(COLOUR)
    assert change_property(schema, COLOUR, {"name": "COLOUR", "icon": None}).name == "COLOUR"
    assert refusal(lambda: change_property(schema, COLOUR, {"name": "Title"})).code == "name_taken"
    assert refusal(lambda: change_property(schema, COLOUR, {"name": ""})).problems[0].field == ".body.name"


def test_options_belong_to_select_properties_and_keep_their_slugs_apart() -> None:
    def add(prop: Property, **asked: Any) -> object:
        return define_option(prop, NewOption(**{"value": "Green"} | asked), new_id=new_ids(), limits=LIMITS)

    assert refusal(lambda: add(define())).problems[0].field == ".path.propertyId"
    assert refusal(lambda: add(COLOUR, slug="red")).code == "slug_taken"
    red, other = COLOUR.options[:2]
    assert change_option(COLOUR, red, {"slug": "red", "value": "RED"}).value == "RED"
    assert refusal(lambda: change_option(COLOUR, red, {"slug": other.slug})).code == "slug_taken"
    assert refusal(lambda: change_option(COLOUR, red, {"slug": "no slug"})).problems[0].field == ".body.slug"
    assert refusal(lambda: change_option(COLOUR, red, {"value": "\n"})).problems[0].field == ".body.value"


def add(prop: Property, **asked: Any) -> Property:
    option = define_option(prop, NewOption(**asked), new_id=new_ids(), limits=DefinitionLimits(9, 99, 99))
    return replace(prop, options=(*prop.options, option))


@pytest.mark.parametrize("labels", [("C++", "C"), ("C", "C++"), ("A/B", "A_B"), ("A_B", "A/B"), ("Café", "cafe")])
def test_no_option_gets_a_slug_that_is_anothers_label(labels: tuple[str, ...]) -> None:
    together = define(type="select_str", options=tuple(NewOption(value=label) for label in labels))
    names = OptionNames(together.options)
    for option in together.options:
        assert names.with_slug(folded(option.value)) in (None, option)
        assert names.meant(option.slug).option is option
        assert names.meant(option.value).option is option


def test_an_option_is_made_once_with_a_label() -> None:
    prop = add(define(type="select_str"), value="Red")
    for label in ("Red", "red", " RED\u200b"):
        error = refusal(partial(add, prop, value=label))
        assert (error.code, error.details) == (
            "name_taken", {"id": prop.options[0].id, "slug": "red", "type": "select_str"},
        )  # fmt: skip
        assert prop.options[0].id in error.message
    assert refusal(partial(add, prop, value="Other", slug="red")).details == error.details
    archived = replace(prop, options=(replace(prop.options[0], enabled=False),))
    assert "archived" in refusal(partial(add, archived, value="red")).message


def test_a_label_that_is_anothers_slug_is_refused_and_so_is_the_reverse() -> None:
    prop = add(add(define(type="select_str"), value="C++"), value="Java")
    assert [option.slug for option in prop.options] == ["c", "java"]
    error = refusal(partial(add, prop, value="C"))
    assert error.code == "name_taken"
    assert 'is the slug of the option "C++"' in error.message
    assert refusal(partial(add, prop, value="Coffee", slug="java")).code == "slug_taken"
    plus, java = prop.options
    assert refusal(lambda: change_option(prop, java, {"value": "c"})).code == "name_taken"
    assert refusal(lambda: change_option(prop, java, {"value": "c++"})).code == "name_taken"
    assert refusal(lambda: change_option(prop, plus, {"slug": "java"})).code == "slug_taken"
    apart = replace(prop, options=(change_option(prop, plus, {"slug": "cpp"}), java))
    assert add(apart, value="C").options[-1].slug == "c"


def test_what_is_taken_is_named_with_id_slug_and_type() -> None:
    email = NATIVE.properties["email"]
    conflicts: list[dict[str, Any]] = [{"name": "E-mail", "slug": "email"}, {"name": "EMAIL"}]
    for asked in conflicts:
        error = refusal(partial(define, NATIVE, **asked))
        assert error.details == {"id": email.id, "slug": "email", "type": "str"}
        assert all(text in error.message for text in ("`email`", email.id, "str"))


def test_reserved_words_are_never_slugs() -> None:
    for word in RESERVED:
        assert is_slug(word)
        assert define(name=word.replace("_", " ").title()).slug == f"{word}_2"
    assert not [prop.slug for kind in OBJECT_TYPES for prop in native_schema(kind) if prop.slug in RESERVED]


def test_slug_and_role_of_a_property_never_change() -> None:
    made = define(role_id=DAY_ROLE.upper(), type="date")
    schema = with_property(made)
    kept = {"slug": made.slug, "role_id": DAY_ROLE.upper(), "name": "Size"}
    assert change_property(schema, made, kept) == replace(made, name="Size")
    for name, value in (("slug", "size"), ("role_id", usual_role("date")), ("options", [])):
        assert refusal(partial(change_property, schema, made, {name: value})).problems[0].field == f".body.{name}"


def test_every_property_has_a_role_and_dates_can_be_days() -> None:
    assert define().role_id == usual_role("num")
    assert not define(type="date").holds_days
    assert define(type="date", role_id=DAY_ROLE).holds_days
    assert not define(type="num", role_id=DAY_ROLE).holds_days
    assert all(prop.role_id for kind in OBJECT_TYPES for prop in native_schema(kind))


def test_no_option_that_ships_has_a_name_that_another_has() -> None:
    for prop in (prop for kind in OBJECT_TYPES for prop in native_schema(kind)):
        names = OptionNames(prop.options, any_case=True)
        for option in prop.options:
            assert {names.meant(text).option for text in (option.id, option.slug, option.value)} == {option}
    for template in TEMPLATES.values():
        slugs = {slug for slug, _ in template.stages}
        assert not [label for slug, label in template.stages if folded(label) in slugs - {slug}]
