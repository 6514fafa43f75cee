"""Saved mappings over HTTP: versions, preconditions, limits, scopes, the audit, and the team that they belong to."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prismd.core.errors import PrismdError
from prismd.core.mapping.document import document_of
from prismd.core.mapping.saved import is_name
from prismd.services.mappings import mappings
from prismd.services.session import Session
from tests.refusals import refused

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Api

DOCUMENT: dict[str, Any] = {
    "version": 1,
    "type": "contact",
    "rules": [
        {"to": "email", "from": ["E-mail"]},
        {"to": "tags", "from": [{"column": "Tags", "nth": 2}], "steps": [{"do": "split", "separator": ";"}]},
    ],
    "leave_out": ["Notes"],
}


def put(api: Api, name: str, document: Any = DOCUMENT, **headers: str) -> httpx.Response:
    named = {header.replace("_", "-"): value for header, value in headers.items()}
    return api.send("PUT", f"/mappings/{name}", content=json.dumps(document), headers=named)


def test_a_mapping_is_given_back_as_it_was_saved(api: Api) -> None:
    saved = put(api, "Google%20contacts")
    assert saved.status_code == 200, saved.text
    assert (saved.json()["name"], saved.json()["version"], saved.headers["etag"]) == ("Google contacts", 1, '"1"')
    read = api.send("GET", "/mappings/Google%20contacts")
    assert read.json() == saved.json()
    assert read.json()["document"] == DOCUMENT
    assert read.json()["object_type"] == "contact"
    assert api.send("GET", "/mappings/Google%20contacts", headers={"if-none-match": '"1"'}).status_code == 304


def test_each_time_is_a_new_version_and_the_old_ones_stay(api: Api) -> None:
    for number in range(3):
        assert put(api, "a", {"version": 1, "leave_out": [f"C{number}"]}).json()["version"] == number + 1
    for number in range(3):
        old = api.send("GET", "/mappings/a", params={"version": number + 1})
        assert old.json()["document"] == {"version": 1, "leave_out": [f"C{number}"]}
        assert old.headers["etag"] == f'"{number + 1}"'
    assert api.send("GET", "/mappings/a").json()["version"] == 3
    refused(api.send("GET", "/mappings/a", params={"version": 4}), 404, "not_found")
    refused(api.send("GET", "/mappings/a", params={"version": "x"}), 400, "invalid_request", ".query.version")


def test_versions_beyond_the_limit_are_dropped_oldest_first(api: Api) -> None:
    api.settings = replace(api.settings, mapping_versions_max=2)
    session = Session(replace(api.runtime, settings=api.settings), api.team_id())
    for number in range(4):
        document = document_of({"version": 1, "leave_out": [str(number)]})
        session.do(mappings.save_mapping, "a", document)
    for version, kept in ((1, False), (2, False), (3, True), (4, True)):
        answer = api.send("GET", "/mappings/a", params={"version": version})
        assert (answer.status_code == 200) is kept


def test_a_team_has_so_many_mappings_and_no_more(api: Api) -> None:
    session = Session(replace(api.runtime, settings=replace(api.settings, mappings_max=2)), api.team_id())
    document = document_of(DOCUMENT)
    for name in ("a", "b", "a"):
        session.do(mappings.save_mapping, name, document)
    with pytest.raises(PrismdError, match="the team has 2 mappings"):
        session.do(mappings.save_mapping, "c", document)


def test_preconditions_hold_a_version(api: Api) -> None:
    refused(put(api, "a", if_match='"1"'), 412, "precondition_failed")
    assert put(api, "a", if_none_match="*").status_code == 200
    refused(put(api, "a", if_none_match="*"), 412, "precondition_failed")
    assert put(api, "a", if_match='"1"').json()["version"] == 2
    refused(put(api, "a", if_match='"1"'), 412, "precondition_failed")
    refused(api.send("DELETE", "/mappings/a", headers={"if-match": '"1"'}), 412, "precondition_failed")
    assert api.send("DELETE", "/mappings/a", headers={"if-match": '"2"'}).status_code == 204
    refused(api.send("GET", "/mappings/a"), 404, "not_found")
    refused(api.send("DELETE", "/mappings/a"), 404, "not_found")


def test_a_repeated_request_saves_one_version(api: Api) -> None:
    for replay in (None, "true"):
        answer = put(api, "a", idempotency_key="once")
        assert (answer.json()["version"], answer.headers.get("idempotent-replay")) == (1, replay)


def test_of_requests_at_once_each_makes_its_own_version(api: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: put(api, "a").json()["version"], range(8)))
    assert sorted(answers) == list(range(1, 9))


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"version": 2}, "expected one of 1, found"),
        ({"version": True}, ".body.version"),
        ({}, ".body.version: it is required"),
        ([], "expected an object"),
        ({"version": 1, "rulez": []}, 'did you mean "rules"'),
        ({"version": 1, "rules": [{"to": "a", "from": ["A"], "steps": [{"do": "splat"}]}]}, "rules[0].steps[0]"),
        ({"version": 1, "rules": [{"to": "a", "from": [3]}]}, "rules[0].from[0]"),
    ],
)
def test_what_is_no_mapping_is_refused_where_it_is_wrong(api: Api, document: Any, says: str) -> None:
    answer = put(api, "a", document)
    assert answer.json()["error"]["code"] == "invalid_request"
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]
    refused(api.send("GET", "/mappings/a"), 404, "not_found")


def test_a_member_that_is_there_twice_is_refused(api: Api) -> None:
    answer = api.send("PUT", "/mappings/a", content=b'{"version": 1, "leave_out": [], "leave_out": ["A"]}')
    refused(answer, 400, "invalid_request", ".body")


@pytest.mark.parametrize("name", ["%20a", "a%2Fb", ".a", "a" * 101, "%C3%A9", "a%0A"])
def test_a_name_that_is_none_is_refused(api: Api, name: str) -> None:
    assert put(api, name).status_code in (400, 404)
    assert api.send("GET", f"/mappings/{name}").status_code in (400, 404)


def test_pages_hold_each_mapping_once_by_name(api: Api) -> None:
    names = [f"m {number:02}" for number in range(7)]
    for name in reversed(names):
        put(api, name.replace(" ", "%20"))
    found, cursor = list[str](), None
    while True:
        page = api.send("GET", "/mappings", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        assert all("document" not in one for one in page["data"])
        found += [one["name"] for one in page["data"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert found == names


def test_the_newest_for_a_type_come_with_their_documents(api: Api) -> None:
    for name, kind in (("a", "contact"), ("b", None), ("c", "deal"), ("a", "contact")):
        document = {"version": 1, "leave_out": [name], **({"type": kind} if kind else {})}
        assert put(api, name, document).status_code == 200
    page = api.send("GET", "/mappings", params={"newest_for": "contact"}).json()
    assert [(one["name"], one["version"], one["document"]["leave_out"]) for one in page["data"]] == [
        ("a", 2, ["a"]), ("b", 1, ["b"]),
    ]  # fmt: skip
    refused(api.send("GET", "/mappings", params={"newest_for": "nothing"}), 400, "invalid_request", ".query.newest_for")


def test_what_was_done_stands_in_the_audit(api: Api) -> None:
    put(api, "a")
    api.send("DELETE", "/mappings/a")
    entries = api.send("GET", "/audit").json()["data"]
    found = [(one["action"], one["details"]) for one in entries if one["action"].startswith("mapping.")]
    assert sorted(found) == [("mapping.deleted", {"name": "a"}), ("mapping.saved", {"name": "a", "version": 1})]


def test_a_name_is_resolved_to_its_document(api: Api) -> None:
    put(api, "a", {"version": 1, "leave_out": ["old"]})
    put(api, "a")
    session = Session(api.runtime, api.team_id())
    assert session.do(mappings.document_named, "a") == document_of(DOCUMENT)
    assert session.do(mappings.document_named, "a", 1).leave_out == ("old",)
    with pytest.raises(PrismdError, match="there is no mapping called"):
        session.do(mappings.document_named, "b")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
def test_no_name_is_a_fault_of_the_server(api: Api, name: str) -> None:
    answer = put(api, quote(name, safe=""))
    assert (answer.status_code == 200) is is_name(name) or answer.status_code in (400, 404)
