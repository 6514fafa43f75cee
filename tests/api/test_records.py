"""Records are read back by id, by a value, and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.statements import count_statements

if TYPE_CHECKING:
    from tests.api.conftest import Api


@pytest.fixture
def ada(api: Api) -> str:
    row = {"default": {"email": "Ada@Example.org", "full_name": "Ada", "seniority": None}}
    return str(api.start([row]).json()["results"][0]["id"])


def test_a_record_is_read_with_its_version(api: Api, ada: str) -> None:
    answer = api.send("GET", f"/contact/{ada}")
    assert answer.status_code == 200
    record = answer.json()
    assert set(record) == {"id", "default"}
    assert record["id"] == ada
    assert record["default"]["email"] == "Ada@Example.org"
    assert record["default"]["created_at"].endswith("Z")
    first = answer.headers["etag"]
    assert first.startswith('"')
    assert first.endswith('"')
    api.start([{"default": {"email": "ada@example.org", "title": "Countess"}}], dedupe_by="email", update_existing=True)
    assert api.send("GET", f"/contact/{ada}").headers["etag"] != first


def test_properties_are_selected(api: Api, ada: str) -> None:
    for query in ("select=email,full_name", "select=email&select=full_name", "select=%20email%20,full_name,"):
        assert set(api.send("GET", f"/contact/{ada}?{query}").json()["default"]) == {"email", "full_name"}
    refused = api.send("GET", f"/contact/{ada}?select=emial")
    assert (refused.status_code, refused.json()["error"]["errors"][0]["field"]) == (400, ".query.select")


@pytest.mark.parametrize(
    "record_id",
    [
        "unknown",
        "batch",
        "lists",
        "imports",
        "00000000-0000-0000-0000-000000000000",
        "%00",
        "%FF",
        "%2F",
        "..%2f",
    ],
)
def test_what_is_no_record_is_not_found(api: Api, record_id: str) -> None:
    assert api.send("GET", f"/contact/{record_id}").status_code == 404


@pytest.mark.parametrize("word", ["query", "import", "find-or-create"])
def test_a_word_of_the_api_is_no_id_and_takes_what_it_takes(api: Api, word: str) -> None:
    answer = api.send("GET", f"/identity/{word}")
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"OPTIONS", "POST"})


def test_a_record_is_found_under_its_own_type_and_team_alone(api: Api, ada: str, serve: Callable[..., Api]) -> None:
    assert api.send("GET", f"/identity/{ada}").status_code == 404
    assert serve().send("GET", f"/contact/{ada}").status_code == 404


def test_records_are_counted(api: Api, ada: str) -> None:
    assert ada
    assert api.send("GET", "/contact/count").json() == {"total": 1}
    assert api.send("GET", "/event/count").json() == {"total": 0}
    api.send("DELETE", f"/contact/{ada}")
    for deleted, total in (("", 0), ("?deleted=false", 0), ("?deleted=TRUE", 1), ("?deleted=only", 1)):
        assert api.send("GET", f"/contact/count{deleted}").json() == {"total": total}
    assert api.send("GET", "/contact/count?deleted=maybe").status_code == 400


def test_the_deleted_members_of_a_list_are_counted(api: Api) -> None:
    made_list = api.send("POST", "/lists", json={"template_id": "sales_deals"}).json()["id"]
    made = [
        api.send("POST", f"/deal?list_id={made_list}", json={"default": {"name": str(number)}}).json()["id"]
        for number in range(3)
    ]
    api.send("DELETE", f"/deal/{made[0]}")
    api.send("DELETE", f"/deal/{api.send('POST', '/deal', json={'default': {'name': 'x'}}).json()['id']}")
    for deleted, total in (("false", 2), ("true", 3), ("only", 1)):
        path = f"/deal/count?list_id={made_list}&deleted={deleted}"
        assert api.send("GET", path).json() == {"total": total}


def test_a_record_is_found_by_a_value_as_imports_compare(api: Api, ada: str) -> None:
    for value in ("Ada@Example.org", "ADA%40EXAMPLE.ORG", "%20ada@example.org%20"):
        answer = api.send("GET", f"/contact/by/email/{value}")
        assert (answer.status_code, answer.json()["id"]) == (200, ada)
        assert answer.headers["etag"]


@pytest.mark.parametrize("value", ["a/b", "a//b", "//", "?x=1#y", "100%", "%2F", "é ü", "a+b", "..", ".", "count"])
def test_any_value_can_be_looked_up(api: Api, value: str) -> None:
    made = api.start([{"default": {"full_name": value}}]).json()["results"][0]["id"]
    encoded = quote(value, safe="").replace(".", "%2E")
    found = api.send("GET", f"/contact/by/full_name/{encoded}")
    assert (found.status_code, found.json().get("id")) == (200, made)


def test_no_match_and_several_matches(api: Api) -> None:
    assert api.send("GET", "/contact/by/full_name/Grace").status_code == 404
    api.start([{"default": {"full_name": "Grace"}}] * 2)
    refused = api.send("GET", "/contact/by/full_name/grace")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "multiple_matches")


def test_records_are_made_findable_once_also_where_nothing_is_found(api: Api, ada: str) -> None:
    def statements() -> int:
        with count_statements(api.runtime) as sent:
            assert api.send("GET", "/contact/by/title/Nobody").status_code == 404
        return len(sent)

    assert ada
    assert statements() > statements() == statements()


@pytest.mark.parametrize("value", ["%00", "%FF", "a%00b"])
def test_a_value_that_nothing_can_have_is_not_found(api: Api, value: str) -> None:
    assert api.send("GET", f"/contact/by/full_name/{value}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/contact/by/nonsense/x",
        "/contact/by/created_at/x",
        "/contact/count?list_id=x",
        "/contact/by/email/x?list_id=x",
        "/nonsense/count",
        "/nonsense/by/email/x",
        "/nonsense/id",
    ],
)
def test_what_cannot_be_meant_is_refused(api: Api, path: str) -> None:
    refused = api.send("GET", path)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_request")


def test_types_without_records_allow_nothing(api: Api) -> None:
    for path in ("/agent_site/count", "/agent_site/x", "/agent_site/by/body/x"):
        assert api.send("GET", path).status_code == 405


def test_head_answers_like_get_without_a_body(api: Api, ada: str) -> None:
    got, headed = (api.send(method, f"/contact/{ada}") for method in ("GET", "HEAD"))
    assert headed.status_code == 200
    assert headed.content == b""
    for name in ("etag", "content-type", "content-length"):
        assert headed.headers[name] == got.headers[name]


def test_references_are_read_from_their_other_side_by_name(api: Api) -> None:
    acme = api.send("POST", "/organization", json={"default": {"name": "Acme"}}).json()["id"]
    path = f"/organization/{acme}?select=contacts,people,name"
    assert api.send("GET", path).json() == {"id": acme, "default": {"contacts": [], "people": [], "name": "Acme"}}
    contacts = [
        api.send("POST", "/contact", json={"default": {"company": acme, "title": str(number)}}).json()["id"]
        for number in range(3)
    ]
    person = api.send("POST", "/identity", json={"default": {"companies": [acme]}}).json()["id"]
    api.send("DELETE", f"/contact/{contacts.pop()}")
    api.send("PATCH", f"/contact/{contacts.pop()}", json={"default": {"company": None}})
    shown = {"name": "Acme", "contacts": contacts, "people": [person]}
    assert api.send("GET", path).json()["default"] == shown
    assert api.send("GET", "/organization/by/name/acme?select=contacts,people,name").json()["default"] == shown
    assert "contacts" not in api.send("GET", f"/organization/{acme}").json()["default"]
    refused = api.send("PATCH", f"/organization/{acme}", json={"default": {"contacts": []}})
    assert refused.json()["error"]["errors"][0]["code"] == "read_only_property"


def test_of_a_reference_from_its_other_side_so_many_are_shown(serve: Callable[..., Api]) -> None:
    api = serve(references_shown_max=2)
    acme = api.send("POST", "/organization", json={}).json()["id"]
    api.start([{"default": {"company": acme}}] * 3)
    assert len(api.send("GET", f"/organization/{acme}?select=contacts").json()["default"]["contacts"]) == 2
