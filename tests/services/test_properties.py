"""Properties as use cases on a real database: what is kept, who is kept apart, and what is too late to delete."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from prismd.core.errors import PrismdError
from prismd.core.imports.request import RequestLimits, parse_request
from prismd.core.properties.definitions import NewProperty
from prismd.core.properties.native import native_schema
from prismd.core.properties.option_definitions import NewOption
from prismd.core.properties.schema import OBJECT_TYPES, Option, Property
from prismd.services.imports import jobs
from prismd.services.imports.stepping import step_next
from prismd.services.properties import properties
from prismd.services.properties.properties import NamedProperty
from prismd.services.runtime import Runtime
from prismd.services.session import Session, Transaction
from prismd.store.connections.postgres import Connection
from prismd.store.properties import add_options, load_schema, load_schemas
from prismd.store.records import record_keys
from tests.conftest import sole
from tests.refusals import refusal


@dataclass
class Team:
    """What a team does with its contacts."""

    connection: Connection
    runtime: Runtime
    id: int

    @property
    def transaction(self) -> Transaction:
        return Transaction(Session(self.runtime, self.id), self.connection)

    def define(self, name: str = "Colour", wire_type: str = "str", *labels: str, **more: Any) -> Property:
        new = NewProperty(name=name, type=wire_type, options=tuple(NewOption(value=label) for label in labels), **more)
        with self.connection.transaction():
            return properties.create_property(self.transaction, "contact", new)

    def load(self, slug: str) -> Property | None:
        return load_schema(self.connection, self.id, "contact").get(slug)

    def named(self, prop: Property, **other: Any) -> NamedProperty:
        return replace(NamedProperty("contact", prop.id, prop.type, ".body.type"), **other)

    def add_option(self, prop: Property, **asked: Any) -> Option:
        with self.connection.transaction():
            return properties.create_option(self.transaction, self.named(prop), NewOption(**asked)).option

    def delete(self, prop: Property) -> None:
        with self.connection.transaction():
            properties.delete_property(self.transaction, self.named(prop))

    def delete_option(self, prop: Property, option: Option) -> None:
        with self.connection.transaction():
            properties.delete_option(self.transaction, self.named(prop), option.id)

    def store(self, *rows: dict[str, Any], runtime: Runtime | None = None, **options: Any) -> jobs.Submitted:
        body = json.dumps({"objects": [{"default": row} for row in rows], "options": options}).encode()
        request = parse_request("contact", body, RequestLimits(rows_max=1_000))
        with self.connection.transaction():
            submitted = jobs.submit(Transaction(Session(runtime or self.runtime, self.id), self.connection), request)
        assert submitted.job.failed == 0
        return submitted


@pytest.fixture
def team(connection: Connection, runtime: Runtime, make_team: Callable[[], int]) -> Team:
    return Team(connection, runtime, make_team())


def test_a_team_has_the_native_properties_and_its_own_with_every_detail(team: Team) -> None:
    new = NewProperty(
        name="Colour",
        type="multiselect_str",
        slug="tint",
        icon="drop",
        role_id="0190AAAA-0000-7000-8000-00000000000A",
        required=True,
        options=(
            NewOption(value="Blue", sort_index=2, color_scheme="blue", description="d", icon="i", option_group="g"),
            NewOption(value="Red", sort_index=1),
        ),
    )
    with team.connection.transaction():
        made = properties.create_property(team.transaction, "contact", new)
    loaded = team.load("tint")
    assert loaded == replace(made, options=tuple(reversed(made.options)))
    assert loaded.role_id == "0190aaaa-0000-7000-8000-00000000000a"
    assert not loaded.native
    assert load_schemas(team.connection, team.id, ["identity", "deal"]) == {
        "identity": native_schema("identity"),
        "deal": native_schema("deal"),
    }


def test_teams_and_types_do_not_see_each_others_properties(team: Team, make_team: Callable[[], int]) -> None:
    made = team.define()
    stranger = replace(team, id=make_team())
    assert stranger.load(made.slug) is None
    refusal(lambda: stranger.delete(made), "not_found")
    elsewhere = team.named(made, object_type="deal")
    refusal(lambda: properties.delete_property(team.transaction, elsewhere), "not_found")
    assert stranger.define().slug == made.slug
    assert team.load(made.slug) == made


def test_options_can_be_added_to_native_selects_and_stay_in_their_team(
    team: Team, make_team: Callable[[], int]
) -> None:
    tags = native_schema("contact").properties["tags"]
    seniority = native_schema("contact").properties["seniority"]
    added = team.add_option(seniority, value="Apprentice")
    assert team.add_option(tags, value="Apprentice").slug == "apprentice"
    loaded = team.load("seniority")
    assert loaded is not None
    assert loaded.options == (*seniority.options, added)
    stranger = replace(team, id=make_team())
    assert stranger.load("seniority") == seniority
    refusal(lambda: team.add_option(seniority, value="Anything", slug="vp"), "slug_taken")
    refusal(lambda: team.add_option(native_schema("contact").properties["email"], value="x"), "invalid_request")


def test_options_that_are_there_are_not_added_again(team: Team) -> None:
    made = team.define("Colour", "select_str", "Red")
    again = (replace(made.options[0], value="other"), replace(made.options[0], id=team.runtime.new_id()))
    with team.connection.transaction():
        add_options(team.connection, team.id, "contact", made.id, again)
    assert team.load("colour") == made


def test_native_properties_and_options_cannot_be_changed(team: Team) -> None:
    seniority = native_schema("contact").properties["seniority"]
    named = team.named(seniority)
    refusal(lambda: properties.update_property(team.transaction, named, {"name": "Rank"}), "invalid_request")
    refusal(lambda: team.delete(seniority), "invalid_request")
    option = seniority.options[0]
    error = refusal(lambda: team.delete_option(seniority, option), "invalid_request")
    assert error.problems[0].field == ".path.optionId"
    refusal(lambda: properties.update_option(team.transaction, named, "nothing", {"value": "x"}), "not_found")


def test_changes_are_kept_and_the_type_has_to_be_known(team: Team) -> None:
    made = team.define("Colour", "select_str", "Red")
    with team.connection.transaction():
        changes: dict[str, Any] = {"name": "Tint", "icon": "drop", "enabled": False, "required": True}
        changed = properties.update_property(
            team.transaction,
            team.named(made, property_id=made.id.upper()),
            changes,
        )
        option = properties.update_option(
            team.transaction,
            team.named(made),
            made.options[0].id,
            {"slug": "rouge", "description": "d"},
        ).option
    assert changed == replace(made, **changes)
    assert team.load("colour") == replace(changed, options=(option,))
    wrong = team.named(made, type="str", type_field=".query.type")
    error = refusal(lambda: properties.delete_property(team.transaction, wrong), "invalid_request")
    assert error.problems[0].field == ".query.type"


@pytest.mark.parametrize("deleted", [False, True])
def test_a_property_is_deleted_only_when_no_record_has_a_value(team: Team, *, deleted: bool) -> None:
    made = team.define()
    team.store({"colour": "red", "email": "a@b"}, dedupe_by="colour")
    if deleted:
        with team.connection.transaction():
            team.connection.execute("UPDATE record SET deleted_at = now() WHERE team_id = %s", (team.id,))
    refusal(lambda: team.delete(made), "property_in_use")
    with team.connection.transaction():
        team.connection.execute("UPDATE record SET properties = properties - 'colour' WHERE team_id = %s", (team.id,))
    team.delete(made)
    assert team.load("colour") is None
    assert "colour" not in record_keys.keys_in_use(team.connection, team.id, "contact")
    assert team.define("Colour", "num").id != made.id


def test_deleting_a_property_deletes_its_options_and_no_others(team: Team) -> None:
    gone, stays = team.define("Colour", "select_str", "Red"), team.define("Tint", "select_str", "Red")
    team.delete(gone)
    rows = team.connection.execute("SELECT property_id::text FROM property_option WHERE team_id = %s", (team.id,))
    assert [row[0] for row in rows] == [stays.id]


def test_a_property_that_an_import_under_way_goes_by_is_in_use(team: Team) -> None:
    made = team.define()
    settings = replace(team.runtime.settings, sync_rows_max=0)
    runtime = replace(team.runtime, settings=settings)
    team.store({"email": "a@b"}, runtime=runtime, dedupe_by="colour")
    refusal(lambda: team.delete(made), "property_in_use")
    while step_next(sole(runtime, team.connection)):
        pass
    team.delete(made)


@pytest.mark.parametrize(("wire_type", "value"), [("select_str", "red"), ("multiselect_str", ["blue", "red"])])
def test_an_option_is_deleted_only_when_no_record_has_it(team: Team, wire_type: str, value: object) -> None:
    made = team.define("Colour", wire_type, "Red", "Blue", "Green")
    red, green = made.options[0], made.options[2]
    team.store({"colour": value})
    refusal(lambda: team.delete_option(made, red), "option_in_use")
    team.delete_option(made, green)
    refusal(lambda: team.delete_option(made, green), "not_found")
    with team.connection.transaction():
        team.connection.execute("UPDATE record SET properties = '{}' WHERE team_id = %s", (team.id,))
    team.delete_option(made, red)
    loaded = team.load("colour")
    assert loaded is not None
    assert [option.slug for option in loaded.options] == ["blue"]


def test_names_and_slugs_can_be_searched(team: Team) -> None:
    team.define("Favourite colour", slug="tint")

    def found(term: str) -> list[str]:
        return [prop.slug for prop in properties.list_properties(team.transaction, ["contact"], term=term)["contact"]]

    assert found(" COLOUR ") == ["tint"]
    assert found("tin") == ["tint"]
    assert found("email") == ["email", "first_email", "last_email"]
    assert found("nothing like it") == []
    assert len(found("")) == len(native_schema("contact").properties) + 1
    assert properties.list_properties(team.transaction, OBJECT_TYPES).keys() == set(OBJECT_TYPES)


def test_of_many_who_define_the_same_at_once_one_succeeds(team: Team) -> None:
    def define(_: int) -> str:
        with team.runtime.of_all_teams() as own:
            try:
                return replace(team, connection=own).define().slug
            except PrismdError as error:
                return error.code

    def add(_: int) -> str:
        with team.runtime.of_all_teams() as own:
            try:
                return replace(team, connection=own).add_option(labels, value="New", slug="new").slug
            except PrismdError as error:
                return error.code

    labels = native_schema("contact").properties["labels"]
    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(define, range(6))) == ["colour", *["name_taken"] * 5]
        assert sorted(threads.map(add, range(6))) == ["new", *["slug_taken"] * 5]
