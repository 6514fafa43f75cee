"""Queries and lists over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.statements import count_statements

if TYPE_CHECKING:
    from tests.api.conftest import Api
    from tests.conftest import Clock


def ask(api: Api, query: dict[str, Any], object_type: str = "contact", **others: Any) -> dict[str, Any]:
    """Send a query that must be served, and return its answer."""
    response = api.send("POST", f"/{object_type}/query", json={"query": {"select": [], **query}, **others})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def ids(answer: dict[str, Any]) -> list[str]:
    return [row["id"] for row in answer["data"]]


def make_rows(api: Api, rows: list[dict[str, Any]], object_type: str = "contact") -> list[str]:
    """Import rows and return their ids."""
    response = api.start([{"default": row} for row in rows], object_type)
    assert response.status_code == 200, response.text
    results = response.json()["results"]
    assert all(result["created"] for result in results), results
    return [result["id"] for result in results]


def test_a_filter_a_sort_and_a_selection(api: Api) -> None:
    made = make_rows(api, [{"email": f"{name}@x.org", "first_name": name} for name in ("ada", "bob", "cy")])
    answer = ask(
        api,
        {"select": ["first_name"], "filter": [{"first_name": {"!=": "bob"}}], "sort": [{"first_name": "desc"}]},
        include_total=True,
    )
    assert answer == {
        "data": [
            {"id": made[2], "properties": {"first_name": "cy"}},
            {"id": made[0], "properties": {"first_name": "ada"}},
        ],
        "has_more": False,
        "next_cursor": None,
        "total": 2,
    }


def test_references_are_nested_and_paths_follow_them(api: Api) -> None:
    [acme, blank] = make_rows(api, [{"name": "Acme", "primary_domain": "acme.org"}, {"name": "Blank"}], "organization")
    made = make_rows(
        api, [{"email": "a@x.org", "company": acme}, {"email": "b@x.org", "company": blank}, {"email": "c@x.org"}]
    )
    answer = ask(api, {"select": ["company.name", "email"], "sort": [{"company.name": "desc"}]})
    assert answer["data"][0] == {
        "id": made[1],
        "properties": {"company": {"id": blank, "properties": {"name": "Blank"}}, "email": "b@x.org"},
    }
    assert ids(answer) == [made[1], made[0], made[2]]
    assert ids(ask(api, {"filter": [{"company.name": {"=": "Acme"}}]})) == [made[0]]
    assert ids(ask(api, {"filter": [{"company.primary_domain": {"is_null": True}}]})) == [made[1], made[2]]
    assert ids(ask(api, {"filter": [{"company": {"=": acme}}]})) == [made[0]]
    other_side = ask(api, {"select": ["contacts.email", "people"], "filter": [{"name": {"=": "Acme"}}]}, "organization")
    contact = {"id": made[0], "properties": {"email": "a@x.org"}}
    assert other_side["data"][0]["properties"] == {"contacts": [contact], "people": []}


@pytest.mark.parametrize("sort", [[], [{"title": "asc"}], [{"title": "desc"}, {"created_at": "asc"}]], ids=str)
def test_pages_hold_every_record_once(api: Api, sort: list[dict[str, str]]) -> None:
    made = make_rows(api, [{"title": f"t{number % 3}"} if number % 4 else {} for number in range(23)])
    whole = ids(ask(api, {"sort": sort, "limit": 50}))
    assert sorted(whole) == sorted(made)
    seen: list[str] = []
    cursor = None
    while True:
        answer = ask(api, {"sort": sort, "limit": 5, **({"cursor": cursor} if cursor else {})})
        seen += ids(answer)
        cursor = answer["next_cursor"]
        assert answer["has_more"] is (cursor is not None)
        if cursor is None:
            break
    assert seen == whole


def test_a_list_takes_filters_as_parameters(api: Api) -> None:
    made = make_rows(api, [{"email": f"{name}@x.org", "first_name": name} for name in ("ada", "bob", "cy")])
    answer = api.send(
        "GET", "/contact?email=ada@x.org,cy@x.org&sort=-first_name&select=email&include_total=true"
    ).json()
    assert ids(answer) == [made[2], made[0]]
    assert answer["total"] == 2
    assert answer["data"][0]["properties"] == {"email": "cy@x.org"}
    whole = api.send("GET", "/contact?first_name=bob").json()
    assert whole["data"][0]["properties"].keys() == {
        "email",
        "first_name",
        "created_at",
        "updated_at",
        "last_updated_at",
    }


WRONG: list[tuple[Any, str]] = [
    ([], ".body"),
    ({}, ".body.query"),
    ({"query": []}, ".body.query"),
    ({"query": {}}, ".body.query.select"),
    ({"query": {"select": "email"}}, ".body.query.select"),
    ({"query": {"select": [1]}}, ".body.query.select[0]"),
    ({"query": {"select": ["e_mail"]}}, ".body.query.select[0]"),
    ({"query": {"select": ["email.name"]}}, ".body.query.select[0]"),
    ({"query": {"select": ["company.nmae"]}}, ".body.query.select[0]"),
    ({"query": {"select": ["created_by.name"]}}, ".body.query.select[0]"),
    ({"query": {"select": [], "filters": []}}, ".body.query.filters"),
    ({"query": {"select": [], "filter": {}}}, ".body.query.filter"),
    ({"query": {"select": [], "filter": ["email"]}}, ".body.query.filter[0]"),
    ({"query": {"select": [], "filter": [{}]}}, ".body.query.filter[0]"),
    ({"query": {"select": [], "filter": [{"email": "x"}]}}, ".body.query.filter[0].email"),
    ({"query": {"select": [], "filter": [{"emial": {"=": "x"}}]}}, ".body.query.filter[0]"),
    ({"query": {"select": [], "filter": [{"email": {"==": "x"}}]}}, ".body.query.filter[0].email.=="),
    ({"query": {"select": [], "filter": [{"email": {"=": "x", "!=": "y"}}]}}, ".body.query.filter[0].email"),
    ({"query": {"select": [], "filter": [{"email": {"=": 1}}]}}, ".body.query.filter[0].email.="),
    ({"query": {"select": [], "filter": [{"email": {"=": None}}]}}, ".body.query.filter[0].email.="),
    ({"query": {"select": [], "filter": [{"email": {"=": "a\0"}}]}}, ".body.query.filter[0].email.="),
    ({"query": {"select": [], "filter": [{"email": {"between": ["a"]}}]}}, ".body.query.filter[0].email.between"),
    ({"query": {"select": [], "filter": [{"email": {"in": []}}]}}, ".body.query.filter[0].email.in"),
    ({"query": {"select": [], "filter": [{"email": {"like_regex": 1}}]}}, ".body.query.filter[0].email.like_regex"),
    ({"query": {"select": [], "filter": [{"email": {"like_regex": "("}}]}}, ".body.query.filter"),
    ({"query": {"select": [], "filter": [{"seniority": {"=": 5}}]}}, ".body.query.filter[0].seniority.="),
    ({"query": {"select": [], "filter": [{"seniority": {"<": "vp"}}]}}, ".body.query.filter[0].seniority.<"),
    ({"query": {"select": [], "filter": [{"company": {"=": "Acme"}}]}}, ".body.query.filter[0].company.="),
    ({"query": {"select": [], "filter": [{"created_at": {">": "soon"}}]}}, ".body.query.filter[0].created_at.>"),
    ({"query": {"select": [], "filter": [{"id": {"=": "x"}}]}}, ".body.query.filter[0].id.="),
    ({"query": {"select": [], "filter": [{"identities": {"is_null": True}}]}}, ".body.query.filter[0]"),
    ({"query": {"select": [], "sort": [{"email": "up"}]}}, ".body.query.sort[0].email"),
    ({"query": {"select": [], "sort": ["email"]}}, ".body.query.sort[0]"),
    ({"query": {"select": [], "sort": [{"tags": "asc"}]}}, ".body.query.sort[0]"),
    ({"query": {"select": [], "combinator": "XOR"}}, ".body.query.combinator"),
    ({"query": {"select": [], "limit": 51}}, ".body.query.limit"),
    ({"query": {"select": [], "limit": 0}}, ".body.query.limit"),
    ({"query": {"select": [], "limit": "5"}}, ".body.query.limit"),
    ({"query": {"select": [], "limit": True}}, ".body.query.limit"),
    ({"query": {"select": [], "page": 10_000}}, ".body.query.page"),
    ({"query": {"select": [], "cursor": "abc"}}, ".body.query.cursor"),
    ({"query": {"select": [], "cursor": 5}}, ".body.query.cursor"),
    ({"query": {"select": []}, "cursor": "ä"}, ".body.cursor"),
    ({"query": {"select": [], "list_id": 5}}, ".body.query.list_id"),
    ({"query": {"select": []}, "id": ["x"]}, ".body.id[0]"),
    ({"query": {"select": []}, "id": 5}, ".body.id"),
    ({"query": {"select": []}, "deleted": "yes"}, ".body.deleted"),
    ({"query": {"select": []}, "deleted": 1}, ".body.deleted"),
    ({"query": {"select": []}, "deleted": ["only"]}, ".body.deleted"),
    ({"query": {"select": []}, "include_total": 1}, ".body.include_total"),
]


@pytest.mark.parametrize(("body", "field"), WRONG, ids=str)
def test_a_wrong_query_names_its_field(api: Api, body: Any, field: str) -> None:
    response = api.send("POST", "/contact/query", json=body)
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert error["code"] == "invalid_request"
    assert error["errors"][0]["field"] == field


def test_a_misspelt_slug_or_operator_is_answered_with_the_nearest(api: Api) -> None:
    query = {"select": [], "filter": [{"emial": {"=": "x"}}]}
    assert '"email"' in api.send("POST", "/contact/query", json={"query": query}).json()["error"]["message"]
    query = {"select": [], "filter": [{"email": {"begin_with": "x"}}]}
    assert '"begins_with"' in api.send("POST", "/contact/query", json={"query": query}).json()["error"]["message"]
    assert "first_name" in api.send("GET", "/contact?frist_name=x").json()["error"]["message"]


@pytest.mark.parametrize(
    "parameters",
    [
        "limit=x",
        "limit=0",
        "sort=nope",
        "sort=-tags",
        "select=nope",
        "deleted=1",
        "deleted=also",
        "include_total=yes",
        "cursor=x",
        "id=x",
    ],
)
def test_a_wrong_parameter_of_a_list_is_refused(api: Api, parameters: str) -> None:
    response = api.send("GET", f"/contact?{parameters}")
    assert response.status_code == 400, response.text
    assert response.json()["error"]["errors"][0]["field"].startswith(".query.")


def test_a_list_cuts_a_limit_that_a_query_refuses(api: Api) -> None:
    make_rows(api, [{"title": str(number)} for number in range(60)])
    assert len(api.send("GET", "/contact?limit=500").json()["data"]) == 50
    assert len(api.send("GET", "/contact").json()["data"]) == 25


def test_a_cursor_belongs_to_its_query_and_its_team(api: Api, serve: Any) -> None:
    make_rows(api, [{"title": str(number)} for number in range(3)])
    cursor = ask(api, {"limit": 1, "sort": [{"title": "asc"}]})["next_cursor"]
    for other in ({"sort": [{"title": "desc"}]}, {"filter": [{"title": {"is_null": False}}]}, {}):
        response = api.send("POST", "/contact/query", json={"query": {"select": [], **other, "cursor": cursor}})
        assert response.status_code == 400
    changed = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    query = {"select": [], "sort": [{"title": "asc"}], "cursor": changed}
    assert api.send("POST", "/contact/query", json={"query": query}).status_code == 400
    stranger = serve()
    query["cursor"] = cursor
    assert stranger.send("POST", "/contact/query", json={"query": query}).status_code == 400
    # What is shown is no part of what is asked, and the cursor brings the limit along.
    answer = ask(api, {"select": ["title"], "sort": [{"title": "asc"}], "cursor": cursor, "limit": 50})
    assert len(answer["data"]) == 1
    assert answer["data"][0]["properties"] == {"title": "1"}


def test_pages_stay_right_while_records_come_and_go(api: Api) -> None:
    made = make_rows(api, [{"title": f"t{number}"} for number in range(9)])
    first = ask(api, {"limit": 4, "sort": [{"title": "asc"}]})
    make_rows(api, [{"title": "t00"}, {"title": "t99"}])  # before the place of the cursor, and after it
    api.send("DELETE", f"/contact/{made[3]}")  # the very record at which the page ended
    seen, cursor = ids(first), first["next_cursor"]
    while cursor:
        page = ask(api, {"sort": [{"title": "asc"}], "cursor": cursor})
        seen, cursor = seen + ids(page), page["next_cursor"]
    assert seen[:-1] == made  # each once, and none twice
    assert len(seen) == len(made) + 1


def test_pages_can_be_counted(api: Api) -> None:
    made = make_rows(api, [{"title": str(number)} for number in range(5)])
    assert ids(ask(api, {"limit": 2, "page": 2})) == made[2:4]
    assert ids(ask(api, {"limit": 2, "page": 4})) == []


def test_deleted_records_are_left_out_unless_asked_for(api: Api) -> None:
    made = make_rows(api, [{"title": "a"}, {"title": "b"}])
    api.send("DELETE", f"/contact/{made[0]}")
    assert ids(ask(api, {})) == [made[1]]
    assert ids(ask(api, {}, deleted=True)) == made
    assert ids(api.send("GET", "/contact?deleted=true").json()) == made
    assert ids(ask(api, {}, id=made[0])) == []
    assert ids(ask(api, {}, id=made[0], deleted=True)) == [made[0]]
    assert ids(ask(api, {}, deleted="only")) == [made[0]]
    assert ids(api.send("GET", "/contact?deleted=only").json()) == [made[0]]
    assert ids(ask(api, {"filter": [{"title": {"=": "b"}}]}, deleted="only")) == []


def test_deleted_records_say_since_when(api: Api, clock: Clock) -> None:
    made = make_rows(api, [{"title": name} for name in "abc"])
    times = []
    for one in made[:2]:
        clock.advance(hours=1)
        times.append(clock.now().isoformat().replace("+00:00", "Z"))
        assert api.send("DELETE", f"/contact/{one}").status_code == 204
    marks = [{"deleted_at": times[0]}, {"deleted_at": times[1]}, {}]
    rows = [{"id": one, "properties": {}, **mark} for one, mark in zip(made, marks, strict=True)]
    assert ask(api, {}, deleted=True)["data"] == rows
    named = ask(api, {"select": ["deleted_at"], "sort": [{"deleted_at": "desc"}]}, deleted=True)["data"]
    assert [row["properties"] for row in named] == [
        {"deleted_at": times[1]},
        {"deleted_at": times[0]},
        {"deleted_at": None},
    ]
    since = {"filter": [{"deleted_at": {">": times[0]}}]}
    assert ids(ask(api, since, deleted="only")) == [made[1]]
    assert ids(ask(api, {"filter": [{"deleted_at": {"is_null": False}}]}, deleted=True)) == made[:2]
    listed = api.send("GET", "/contact?deleted=TRUE&sort=-deleted_at").json()["data"]
    assert [row["properties"].get("deleted_at") for row in listed] == [times[1], times[0], None]
    assert "deleted_at" not in listed[2]["properties"]
    api.send("POST", f"/contact/{made[0]}/restore")
    assert ids(ask(api, {}, deleted="only")) == [made[1]]


def test_pages_of_deleted_records_have_a_cursor_of_their_own(api: Api) -> None:
    made = make_rows(api, [{"title": str(number)} for number in range(7)])
    for one in made[::2]:
        api.send("DELETE", f"/contact/{one}")
    first = ask(api, {"limit": 3}, deleted="only", include_total=True)
    assert (ids(first), first["total"]) == (made[:6:2], 4)
    assert ids(ask(api, {"cursor": first["next_cursor"]}, deleted="only")) == made[6:]
    for other in ({}, {"deleted": True}):
        body = {"query": {"select": [], "cursor": first["next_cursor"]}, **other}
        assert api.send("POST", "/contact/query", json=body).status_code == 400


def as_before(api: Api, statement: str, *values: str) -> None:
    """Leave in the database what earlier versions allowed."""
    with psycopg.connect(api.database_url, autocommit=True) as admin:
        assert admin.execute(statement.encode(), values).rowcount == 1


def test_a_property_of_the_team_goes_before_the_time_of_deletion(api: Api) -> None:
    made = api.send("POST", "/contact/properties", json={"name": "Deleted at", "type": "str"}).json()
    assert made["slug"] == "deleted_at_2"
    as_before(api, "UPDATE property SET slug = 'deleted_at' WHERE id = %s", made["id"])
    [one] = make_rows(api, [{"deleted_at": "never"}])
    api.send("DELETE", f"/contact/{one}")
    [row] = ask(api, {"select": ["deleted_at"], "filter": [{"deleted_at": {"=": "never"}}]}, deleted=True)["data"]
    assert row["properties"] == {"deleted_at": "never"}
    assert row["deleted_at"].endswith("Z")


@pytest.mark.parametrize("value", [True, False, "true", "TRUE", "False", "fAlSe"])
@pytest.mark.parametrize("operator", ["is_null", "is_not_null", "exists", "not_exists"])
def test_presence_takes_true_and_false_in_any_case(api: Api, operator: str, value: Any) -> None:
    made = make_rows(api, [{"title": "x"}, {}])
    wants_none = (operator in ("is_null", "not_exists")) == (value in (True, "true", "TRUE"))
    assert ids(ask(api, {"filter": [{"title": {operator: value}}]})) == [made[1 if wants_none else 0]]


@pytest.mark.parametrize("value", [None, 0, 1, "", "0", "1", "yes", "no", "null", " true", "falsch", [], [True], {}])
@pytest.mark.parametrize("operator", ["is_null", "is_not_null", "exists", "not_exists"])
def test_presence_takes_nothing_else(api: Api, operator: str, value: Any) -> None:
    query = {"select": [], "filter": [{"title": {operator: value}}]}
    refused = api.send("POST", "/contact/query", json={"query": query})
    assert refused.status_code == 400
    [problem] = refused.json()["error"]["errors"]
    assert problem["field"] == f".body.query.filter[0].title.{operator}"
    assert problem["message"].startswith("expected true or false, found ")


#: A filter that names options of which some do not exist, and which of the contacts below meet it.
UNKNOWN_OPTIONS: list[tuple[dict[str, Any], list[int]]] = [
    ({"seniority": {"=": "boss"}}, []),
    ({"seniority": {"=": ""}}, []),
    ({"seniority": {"=": "00000000-0000-0000-0000-000000000000"}}, []),
    ({"seniority": {"!=": "boss"}}, [0, 1, 2]),
    ({"seniority": {"in": ["boss"]}}, []),
    ({"seniority": {"in": ["boss", "vp"]}}, [0]),
    ({"seniority": {"not_in": ["boss"]}}, [0, 1, 2]),
    ({"seniority": {"not_in": ["boss", "vp"]}}, [1, 2]),
    ({"labels": {"in": ["investor"]}}, []),
    ({"labels": {"!=": "investor"}}, [0, 1, 2]),
    ({"department": {"contains": "wizardry"}}, []),
    ({"department": {"contains": ["sales", "wizardry"]}}, []),
    ({"department": {"not_contains": "wizardry"}}, [0, 1, 2]),
    ({"department": {"not_contains": ["sales", "wizardry"]}}, [2]),
]


@pytest.mark.parametrize(("entry", "met"), UNKNOWN_OPTIONS, ids=str)
def test_an_option_that_does_not_exist_is_met_by_nothing(api: Api, entry: dict[str, Any], met: list[int]) -> None:
    rows: list[dict[str, Any]] = [{"seniority": "vp", "department": ["sales"]}, {"department": ["sales", "it"]}, {}]
    made = make_rows(api, rows)
    assert ids(ask(api, {"filter": [entry]}, include_total=True)) == [made[number] for number in met]
    person = {"first_name": "x"}  # the same beside a condition of which some can be met, and through a reference
    either = {"filter": [entry, {"id": {"=": made[1]}}], "combinator": "OR"}
    assert set(ids(ask(api, either))) == {*(made[number] for number in met), made[1]}
    people = make_rows(api, [{**person, "email_addresses": [one]} for one in made], "identity")
    [(slug, test)] = entry.items()
    through = ids(ask(api, {"filter": [{f"email_addresses.{slug}": test}]}, "identity"))
    assert through == [people[number] for number in met]
    view = {"name": "x", "view_type": "grid", "filter": [{f"email_addresses.{slug}": test}]}
    made_view = api.send("POST", "/identity/views", json=view)
    assert made_view.status_code == 201, made_view.text
    shown = api.send("GET", f"/identity/views/{made_view.json()['id']}/records").json()["data"]
    assert [row["id"] for row in shown] == through


def test_an_option_that_does_not_exist_is_met_by_nothing_in_a_list_too(api: Api) -> None:
    made = make_rows(api, [{"seniority": "vp"}, {}])
    assert ids(api.send("GET", "/contact?seniority=boss").json()) == []
    assert ids(api.send("GET", "/contact?seniority=boss,vp").json()) == made[:1]
    assert ids(api.send("GET", "/contact?labels=investor").json()) == []


def test_a_label_that_several_options_have_is_still_refused(api: Api) -> None:
    options = [{"value": "Red", "slug": "r1"}, {"value": "Blue"}]
    made = api.send("POST", "/contact/properties", json={"name": "Colour", "type": "select_str", "options": options})
    path, kind = f"/contact/properties/{made.json()['id']}/options", {"type": "select_str"}
    assert api.send("POST", path, json={**kind, "value": "Red", "slug": "r2"}).status_code == 409
    twin = api.send("POST", path, json={**kind, "value": "Rouge", "slug": "r2"}).json()
    as_before(api, "UPDATE property_option SET value = 'Red' WHERE id = %s", twin["id"])
    query = {"select": [], "filter": [{"colour": {"=": "Red"}}]}
    refused = api.send("POST", "/contact/query", json={"query": query})
    assert (refused.status_code, refused.json()["error"]["errors"][0]["field"]) == (
        400,
        ".body.query.filter[0].colour.=",
    )


def test_a_query_of_ids_gives_those_alone(api: Api) -> None:
    made = make_rows(api, [{"title": "a"}, {"title": "b"}, {"title": "c"}])
    assert ids(ask(api, {}, id=[made[2], made[0], "00000000-0000-0000-0000-000000000000"])) == [made[0], made[2]]
    assert ids(ask(api, {}, id=made[1].upper())) == [made[1]]


def test_a_deleted_target_is_still_named_but_has_nothing_to_say(api: Api) -> None:
    [acme] = make_rows(api, [{"name": "Acme"}], "organization")
    [ada] = make_rows(api, [{"title": "x", "company": acme}])
    api.send("DELETE", f"/organization/{acme}")
    assert ask(api, {"select": ["company.name"]})["data"][0]["properties"] == {
        "company": {"id": acme, "properties": {"name": None}}
    }
    assert ids(ask(api, {"filter": [{"company.name": {"=": "Acme"}}]})) == []
    assert ids(ask(api, {"filter": [{"company": {"=": acme}}]})) == [ada]
    api.send("POST", f"/organization/{acme}/restore")
    assert ids(ask(api, {"filter": [{"company.name": {"=": "Acme"}}]})) == [ada]


def test_contacts_are_meant_by_their_address_too(api: Api) -> None:
    [contact] = make_rows(api, [{"email": "Ada@x.org"}])
    [ada] = make_rows(api, [{"email_addresses": [contact]}], "identity")
    assert ids(ask(api, {"filter": [{"email_addresses": {"=": "ada@X.org"}}]}, "identity")) == [ada]
    assert ids(ask(api, {"filter": [{"email_addresses": {"=": "no@x.org"}}]}, "identity")) == []


def test_members_of_a_list_can_be_asked_by_what_they_hold_there(api: Api) -> None:
    made_list = api.send("POST", "/lists", json={"template_id": "sales_deals"}).json()
    object_type, list_id = made_list["object_type"], made_list["id"]
    first, second = "lead", "qualified"
    rows = [{"default": {"name": name}, "list": {"app_stage": slug}} for name, slug in (("a", first), ("b", second))]
    made = [one["id"] for one in api.start(rows, object_type, list_id=list_id).json()["results"]]
    make_rows(api, [{"name": "outside"}], object_type)
    whole = ask(
        api, {"select": ["name", "app_stage"], "list_id": list_id, "sort": [{"app_stage": "desc"}]}, object_type
    )
    assert whole["data"] == [
        {"id": made[1], "properties": {"name": "b", "app_stage": second}},
        {"id": made[0], "properties": {"name": "a", "app_stage": first}},
    ]
    some = {"list_id": list_id, "filter": [{"app_stage": {"=": first}}]}
    assert ids(ask(api, some, object_type)) == [made[0]]
    assert ids(ask(api, {**some, "list_id": list_id.upper(), "select": ["app_stage"]}, object_type)) == [made[0]]
    assert ids(api.send("GET", f"/{object_type}?list_id={list_id}&app_stage={second}").json()) == [made[1]]
    outside = api.send("POST", f"/{object_type}/query", json={"query": {"select": ["app_stage"]}})
    assert outside.status_code == 400


SHAPES: list[dict[str, Any]] = [
    {"select": ["email"]},
    {"select": ["company.name", "title"], "sort": [{"company.name": "asc"}]},
    {"select": [], "filter": [{"company.name": {"=": "Acme"}}]},
    {"select": ["identities.first_name"]},
]


@pytest.mark.parametrize("query", SHAPES, ids=str)
def test_the_number_of_statements_does_not_grow_with_the_rows(api: Api, query: dict[str, Any]) -> None:
    [acme] = make_rows(api, [{"name": "Acme"}], "organization")

    def more(count: int) -> None:
        made = make_rows(api, [{"title": str(number), "company": acme} for number in range(count)])
        make_rows(api, [{"first_name": "x", "email_addresses": [one]} for one in made], "identity")

    more(1)
    ask(api, query)  # what becomes a key does so once
    with count_statements(api.runtime) as few:
        assert len(ask(api, query)["data"]) == 1
    more(40)
    with count_statements(api.runtime) as many:
        assert len(ask(api, {**query, "limit": 50})["data"]) == 41
    assert len(many) == len(few)
    assert len(few) <= 12
