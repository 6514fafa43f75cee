"""What a write of one record costs in statements: no more with a hundred values and references than with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.statements import count_statements

if TYPE_CHECKING:
    from tests.api.conftest import Api

MANY = 100


@pytest.fixture
def contacts(api: Api) -> list[str]:
    """Contacts with addresses, and so many properties of identities to write; addresses and names are keys."""
    for path in (
        "contact/by/email",
        "identity/by/email_addresses",
        "identity/by/name_0",
        "organization/by/primary_domain",
    ):
        api.send("GET", f"/{path}/nobody@x.org")
    for number in range(MANY):
        asked = {"name": f"Name {number}", "type": "str"}
        assert api.send("POST", "/identity/properties", json=asked).status_code == 201
    api.send("GET", "/identity/by/name_0/nobody")
    rows = [{"default": {"email": f"{number}@x.org"}} for number in range(99)]
    return [row["id"] for row in api.start(rows).json()["results"]]


def sent(api: Api, method: str, path: str, body: Any = None) -> int:
    with count_statements(api.runtime) as statements:
        answer = api.send(method, path, **({} if body is None else {"json": body}))
    assert answer.is_success, answer.text
    return len(statements)


def body_of(contacts: list[str], count: int, step: str) -> dict[str, Any]:
    texts = {f"name_{number}": f"{step}" for number in range(count)}
    # References by id and by address, of each at least one.
    half = (count + 1) // 2
    return {
        "default": {**texts, "email_addresses": contacts[:half] + [f"{90 - number}@x.org" for number in range(half)]}
    }


@pytest.mark.parametrize("what", ["create", "update", "upsert", "upsert of none", "duplicate", "delete", "restore"])
def test_a_write_costs_the_same_however_much_it_writes(api: Api, contacts: list[str], what: str) -> None:
    def cost(count: int, step: str) -> int:
        path = f"/identity/{api.send('POST', '/identity', json=body_of(contacts, count, step)).json()['id']}"
        changed = body_of(contacts[5:], count, f"{step} again")
        if what == "restore":
            api.send("DELETE", path)
        method, where, body = {
            "create": ("POST", "/identity", changed),
            "update": ("PATCH", path, changed),
            "upsert": ("PUT", f"/identity/by/name_0/{step}", changed),
            "upsert of none": ("PUT", f"/identity/by/name_0/{step} again", changed),
            "duplicate": ("POST", f"{path}/duplicate", None),
            "delete": ("DELETE", path, None),
            "restore": ("POST", f"{path}/restore?allow_taken_key=true", None),
        }[what]
        return sent(api, method, where, body)

    assert cost(1, "a") == cost(MANY, "b")


@pytest.mark.parametrize("what", ["get", "find", "count"])
def test_a_read_costs_the_same_however_much_it_shows(api: Api, contacts: list[str], what: str) -> None:
    def cost(count: int, step: str) -> int:
        made = api.send("POST", "/identity", json=body_of(contacts, count, step)).json()["id"]
        where = {"get": made, "find": f"by/name_0/{step}", "count": "count"}[what]
        return sent(api, "GET", f"/identity/{where}")

    assert cost(1, "a") == cost(MANY, "b")


def test_find_or_create_costs_the_same_however_much_it_writes(api: Api, contacts: list[str]) -> None:
    def costs(object_type: str, match: dict[str, str], defaults: dict[str, Any]) -> list[int]:
        body = {"match": match, "defaults": defaults}
        return [sent(api, "POST", f"/{object_type}/find-or-create", body) for _ in range(2)]

    costs("identity", {"email_address": "first@y.org"}, {})
    few, plenty = (body_of(contacts, count, str(count)) for count in (1, MANY))
    assert costs("identity", {"email_address": "a@y.org"}, few) == costs(
        "identity", {"email_address": "b@y.org"}, plenty
    )
    domains = {"default": {"domains": [f"{number}.org" for number in range(MANY)]}}
    assert costs("organization", {"primary_domain": "a.org"}, {"default": {"domains": ["a.org"]}}) == costs(
        "organization", {"primary_domain": "b.org"}, domains
    )


@pytest.mark.parametrize("what", ["restore", "purge", "restore of what is taken"])
def test_a_batch_of_deleted_records_costs_the_same_however_many_they_are(
    api: Api, contacts: list[str], what: str
) -> None:
    def cost(ids: list[str]) -> int:
        assert api.send("POST", "/contact/batch/delete", json={"ids": ids}).json()["summary"]["failed"] == 0
        if what.endswith("taken"):
            api.start([{"default": {"email": f"{90 - number}@x.org"}} for number in range(99)], dedupe_by="email")
        return sent(api, "POST", f"/contact/batch/{what.split(maxsplit=1)[0]}", {"ids": ids})

    cost(contacts[:1])
    assert cost(contacts[1:2]) == cost(contacts[2:40])
