"""What a key may do: every route against every scope, and what one type's key reaches of others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import micro_so
import pytest
from micro_so import Micro

from prismd.api.document.operations import OPERATIONS
from prismd.core.api_keys.scopes import KNOWN, Scope, Scopes, UnknownScopeError
from prismd.core.errors import PrismdError

if TYPE_CHECKING:
    import httpx

    from prismd.api.document.operation import Operation
    from tests.api.conftest import Api

#: What each operation takes, one of these; told here once more, so that no change of the table goes unseen.
NEEDED = {
    "read": "getRecord countRecords findRecord listRecords queryRecords exportRecords listAllProperties listProperties "
    "listLists getList listListTemplates getListTemplate getGrant listViews getView listViewRecords "
    "createRealtimeTicket",
    "write": "createRecord updateRecord upsertRecord deleteRecord restoreRecord duplicateRecord updateRecords "
    "deleteRecords restoreRecords findOrCreateRecord orderViewRecords pinViewRecord unpinViewRecord",
    "import": "startImport cancelImport retryImport decideImport undoImport uploadFile listFiles getFile "
    "getFileContent getFileProfile deleteFile",
    "admin": "purgeRecords createProperty updateProperty deleteProperty createOption updateOption deleteOption "
    "createList putGrant createView updateView deleteView listAudit",
    "read import": "listImports getImport getImportResults getImportProblems getImportFailedRows watchImport "
    "listMappings getMapping",
    "import admin": "putMapping deleteMapping",
    "read write": "validateValues",
}
SCOPES_OF = {name: set(scopes.split()) for scopes, names in NEEDED.items() for name in names.split()}
KEYED = [operation for operation in OPERATIONS if operation.path.startswith("/v2/")]
TYPED = [operation for operation in KEYED if "{objectType}" in operation.path]
#: The type is that of the import, which the tests below ask for.
OF_IMPORTS = {
    "listImports",
    "getImport",
    "getImportResults",
    "getImportProblems",
    "getImportFailedRows",
    "watchImport",
    "cancelImport",
    "retryImport",
    "decideImport",
    "undoImport",
}
#: The key must be good for imports of some type.
OF_FILES = {"uploadFile", "listFiles", "getFile", "getFileContent", "getFileProfile", "deleteFile"}
NOWHERE = "01920000-0000-7000-8000-000000000000"


def send(api: Api, operation: Operation, key: str, object_type: str = "deal") -> httpx.Response:
    path = operation.path.replace("{teamId}", api.team).replace("{objectType}", object_type)
    path = path.replace("{slug}", "name").replace("{value}", "nobody")
    return api.send(operation.method, re.sub(r"{\w+}", NOWHERE, path), key=key)


def is_refused(answer: httpx.Response) -> bool:
    if answer.status_code != 403:
        assert "missing_scope" not in answer.text
        return False
    assert answer.json()["error"]["code"] == "missing_scope", answer.text
    return True


def type_of(operation: Operation) -> str:
    return "deal" if "deal" in operation.object_types else operation.object_types[0]


def shape_of(path: str) -> str:
    return re.sub(r"{\w+(?::\w+)?}", "{}", path)


def test_every_route_that_asks_for_a_key_says_what_the_key_must_be_good_for(api: Api) -> None:
    served = {
        (method, shape_of(route.path_format))
        for route in api.app._app.routes
        for method in route.methods
        if method != "OPTIONS"
    }
    public = ("/healthz", "/healthz/live", "/openapi.json", "/docs", "/docs/{name}")
    open_to_all = {("GET", shape_of(path)) for path in public}
    assert served - open_to_all == {(one.method, shape_of(one.path)) for one in KEYED}
    assert {one.name: {str(scope) for scope in one.scopes} for one in KEYED} == SCOPES_OF


def test_the_page_of_keys_names_every_operation_with_its_scopes() -> None:
    page = (Path(__file__).parents[2] / "docs" / "keys.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| `")]
    told = {
        name: set(re.findall(r"`(\w+)`", scopes))
        for scopes, _, names in rows
        for name in names.replace("`", "").split()
    }
    assert told == SCOPES_OF


@pytest.mark.parametrize("scope", Scope)
def test_a_key_of_one_scope_does_what_that_scope_is_for_and_nothing_else(api: Api, scope: Scope) -> None:
    key = api.make_key(None, scope)
    refused = {one.name for one in KEYED if is_refused(send(api, one, key, type_of(one)))}
    assert refused == {name for name, scopes in SCOPES_OF.items() if scope not in scopes}


@pytest.mark.parametrize("scope", Scope)
def test_a_key_of_one_type_reaches_the_records_of_that_type_alone(api: Api, scope: Scope) -> None:
    for operation in [one for one in KEYED if scope in SCOPES_OF[one.name] and one.name not in OF_IMPORTS | OF_FILES]:
        own = type_of(operation)
        other = next((one for one in operation.object_types if one != own), None)
        key = api.make_key(None, f"{scope}:{own}")
        # What is of no type is of all types.
        assert is_refused(send(api, operation, key, own)) is (operation not in TYPED), operation.name
        if operation in TYPED and other:
            assert is_refused(send(api, operation, key, other)), operation.name


def test_the_refusal_names_the_scope_and_says_what_to_do(api: Api) -> None:
    error = api.send("GET", "/contact/count", key=api.make_key(None, "write", "read:deal")).json()["error"]
    assert error["code"] == "missing_scope"
    assert error["message"] == (
        'the API key lacks the scope "read:contact": use a key that has it, or have one made with '
        "`prismd keys create --scope read:contact`"
    )
    assert error["details"] == {"missing_scope": "read:contact"}
    error = api.send("GET", "/properties", key=api.make_key(None, "read:deal")).json()["error"]
    assert 'the scope "read" for all object types' in error["message"]


def test_the_scope_is_asked_for_before_the_body_is_looked_at(api: Api) -> None:
    answer = api.send("POST", "/contact", key=api.make_key(None, "read"), content=b"no json")
    assert answer.json()["error"]["code"] == "missing_scope"


def test_a_type_that_there_is_not_is_told_to_any_key_of_the_scope(api: Api) -> None:
    assert api.send("GET", "/contacts/count", key=api.make_key(None, "read:deal")).status_code == 400
    assert is_refused(api.send("GET", "/contacts/count", key=api.make_key(None, "write:deal")))


@pytest.mark.parametrize("path", ["/v2/prism/contact/count", "/v2/prism/query/{team}/contact"])
def test_other_forms_of_a_path_need_the_same(api: Api, path: str) -> None:
    method = "POST" if "query" in path else "GET"
    body: dict[str, Any] = {"json": {"query": {"select": ["email"]}}} if method == "POST" else {}
    where = path.replace("{team}", api.team)
    assert is_refused(api.send(method, where, key=api.make_key(None, "read:deal", "write"), **body))
    assert api.send(method, where, key=api.make_key(None, "read:contact"), **body).status_code == 200


# --- imports, whose type only the job tells ---


@pytest.fixture
def deal_import(api: Api) -> str:
    job: str = api.start([{"default": {"name": "x"}}] * 120 + [{"default": {"no_such": 1}}], "deal").json()["job_id"]
    api.work()
    return job


@pytest.mark.parametrize("scope", ["import", "read"])
@pytest.mark.parametrize("end", ["", "/results", "/events"])
def test_an_import_is_shown_to_keys_of_its_type(api: Api, deal_import: str, scope: str, end: str) -> None:
    path = f"/imports/{deal_import}{end}"
    assert api.send("GET", path, key=api.make_key(None, f"{scope}:deal")).status_code == 200
    assert is_refused(api.send("GET", path, key=api.make_key(None, f"{scope}:contact")))


@pytest.mark.parametrize("what", ["cancel", "retry"])
def test_an_import_is_left_alone_by_keys_of_other_types(api: Api, deal_import: str, what: str) -> None:
    path = f"/imports/{deal_import}/{what}"
    assert is_refused(api.send("POST", path, key=api.make_key(None, "import:contact", "read")))
    assert not is_refused(api.send("POST", path, key=api.make_key(None, "import:deal", "import:contact")))


def test_a_list_of_imports_is_asked_for_by_type_where_the_key_is_of_one(api: Api, deal_import: str) -> None:
    key = api.make_key(None, "import:deal")
    shown = api.send("GET", "/imports?object_type=deal", key=key).json()["data"]
    assert [job["job_id"] for job in shown] == [deal_import]
    refused = api.send("GET", "/imports", key=key)
    assert is_refused(refused)
    assert "name one with object_type=" in refused.json()["error"]["message"]
    assert is_refused(api.send("GET", "/imports?object_type=contact", key=key))


def test_a_cursor_of_another_key_shows_no_imports_of_other_types(api: Api) -> None:
    for _ in range(2):
        api.start([{}] * 120, "deal")
    cursor = api.send("GET", "/imports?object_type=deal&limit=1").json()["next_cursor"]
    assert cursor
    assert is_refused(api.send("GET", f"/imports?cursor={cursor}", key=api.make_key(None, "read:contact")))


@pytest.mark.parametrize("rows", [1, 120])
def test_new_options_need_the_key_to_administer_the_type(api: Api, rows: int) -> None:
    def start(*scopes: str) -> httpx.Response:
        body = {"objects": [{"default": {}}] * rows, "options": {"create_missing_options": True}}
        return api.send("POST", "/contact/import", key=api.make_key(None, *scopes), json=body)

    refused = start("import", "write", "admin:deal")
    assert is_refused(refused)
    assert '"admin:contact", which create_missing_options needs besides' in refused.json()["error"]["message"]
    assert start("import", "admin:contact").is_success


def test_a_retry_with_new_options_needs_the_same_again(api: Api) -> None:
    rows = [{"default": {"no_such": 1}}] * 120
    job = api.start(rows, "contact", create_missing_options=True).json()["job_id"]
    api.work()
    assert is_refused(api.send("POST", f"/imports/{job}/retry", key=api.make_key(None, "import")))
    assert api.send("POST", f"/imports/{job}/retry", key=api.make_key(None, "import", "admin:contact")).is_success


# --- what one type's records lead to ---


def test_an_address_that_is_nobodys_makes_no_contact_for_a_key_that_may_make_none(api: Api) -> None:
    new = {"default": {"email_addresses": ["ada@x.org"]}}
    key = api.make_key(None, "write:identity", "import:identity")
    written = api.send("POST", "/identity", key=key, json=new)
    found = api.send("POST", "/identity/find-or-create", key=key, json={"match": {"email_address": "ada@x.org"}})
    imported = api.send("POST", "/identity/import", key=key, json={"objects": [new]})
    for answer in (written, found, imported):
        assert is_refused(answer)
    assert [one.json()["error"]["details"]["missing_scope"] for one in (written, found, imported)] == [
        "write:contact", "write:contact", "import:contact",
    ]  # fmt: skip
    assert api.send("GET", "/contact/count").json()["total"] == 0
    assert api.send("GET", "/identity/count").json()["total"] == 0
    api.send("POST", "/contact", json={"default": {"email": "ada@x.org"}})
    assert api.send("POST", "/identity", key=key, json=new).status_code == 201


@pytest.fixture
def employed(api: Api) -> str:
    """A person of a company, whose name is a secret of those who may read companies."""
    company = api.send("POST", "/organization", json={"default": {"name": "Hidden"}}).json()["id"]
    made: str = api.send("POST", "/contact", json={"default": {"full_name": "Ada", "company": company}}).json()["id"]
    return made


READS = {
    "a record": ("GET", "/contact/{id}?select=company.name", None),
    "a look-up": ("GET", "/contact/by/full_name/Ada?select=company.name", None),
    "a list": ("GET", "/contact?select=company.name", None),
    "a filter of a list": ("GET", "/contact?company.name=Hidden", None),
    "the order of a list": ("GET", "/contact?sort=company.name", None),
    "a query": ("POST", "/contact/query", {"query": {"select": ["company.name"]}}),
    "a filter": (
        "POST",
        "/contact/query",
        {"query": {"select": ["full_name"], "filter": [{"company.name": {"=": "Hidden"}}]}},
    ),
    "an order": ("POST", "/contact/query", {"query": {"select": ["full_name"], "sort": [{"company.name": "asc"}]}}),
    "through two": ("POST", "/contact/query", {"query": {"select": ["full_name", "company.last_calendar_event.name"]}}),
}


@pytest.mark.parametrize("what", READS)
def test_no_path_leads_a_key_to_records_that_it_may_not_read(api: Api, employed: str, what: str) -> None:
    method, path, body = READS[what]
    extras: dict[str, Any] = {} if body is None else {"json": body}

    def ask(*scopes: str) -> httpx.Response:
        return api.send(method, path.replace("{id}", employed), key=api.make_key(None, *scopes), **extras)

    if what != "through two":
        assert ask("read:contact", "read:organization").is_success
    refused = ask("read:contact", "write")
    assert is_refused(refused)
    assert "Hidden" not in refused.text
    assert refused.json()["error"]["details"] == {"missing_scope": "read:organization"}


def test_what_refers_to_a_record_is_not_read_with_it(api: Api) -> None:
    contact = api.send("POST", "/contact", json={"default": {"email": "ada@x.org"}}).json()["id"]
    person = api.send("POST", "/identity", json={"default": {"email_addresses": ["ada@x.org"]}}).json()["id"]
    path = f"/contact/{contact}?select=identities"
    assert is_refused(api.send("GET", path, key=api.make_key(None, "read:contact")))
    both = api.send("GET", path, key=api.make_key(None, "read:contact", "read:identity"))
    assert person in both.text


def test_a_view_shows_each_key_what_it_may_read(api: Api) -> None:
    event = api.send("POST", "/event", json={"default": {"name": "Hidden"}}).json()["id"]
    values = {"name": "Acme", "last_calendar_event": event}
    company = api.send("POST", "/organization", json={"default": values}).json()["id"]
    view = {"name": "v", "view_type": "grid", "select": ["name", "last_calendar_event.name"]}
    path = f"/organization/views/{api.send('POST', '/organization/views', json=view).json()['id']}"
    for records in (f"{path}/records", f"{path}?include=records"):
        assert company in api.send("GET", records, key=api.make_key(None, "read:organization", "read:event")).text
        assert is_refused(api.send("GET", records, key=api.make_key(None, "read:organization")))


# --- what clients make of it ---


@pytest.fixture
def narrow(api: Api) -> Iterator[Micro]:
    key = api.make_key(None, "read:contact")
    with Micro(
        api_key=key, team_id=api.team, base_url=api.url, max_retries=2, _strict_response_validation=True
    ) as client:
        yield client


def test_the_official_client_says_that_permission_is_denied_and_does_not_try_again(api: Api, narrow: Micro) -> None:
    assert narrow.prism.objects.contacts.count().total == 0
    for refused in (
        lambda: narrow.prism.objects.contacts.bulk_create(objects=[{"default": {}}]),
        narrow.prism.objects.deals.count,
        lambda: narrow.prism.objects.contacts.create(default={}),
    ):
        with pytest.raises(micro_so.PermissionDeniedError) as raised:
            refused()
        assert raised.value.body["error"]["code"] == "missing_scope"  # type: ignore[index]
    assert api.send("GET", "/contact/count").json()["total"] == 0


# --- scopes themselves ---


@pytest.mark.parametrize("texts", [[], ["all"], ["read:"], ["read:contacts"], ["READ"], ["read", "import:none"], [""]])
def test_a_scope_that_there_is_not_is_named(texts: list[str]) -> None:
    with pytest.raises(UnknownScopeError, match="read, write, import, admin"):
        Scopes.of(texts)


def test_scopes_are_told_once_and_the_wide_ones_first() -> None:
    assert Scopes.of(["import:deal", "read:contact", "read", "read:deal"]).texts() == ["read", "import:deal"]
    assert Scopes.of(KNOWN).texts() == list(Scope)


def test_a_scope_of_one_type_is_none_of_all_types() -> None:
    scopes = Scopes.of(["read:contact"])
    scopes.require([Scope.WRITE, Scope.READ], "contact")
    for object_type in ("deal", None):
        with pytest.raises(PrismdError):
            scopes.require([Scope.READ], object_type)
