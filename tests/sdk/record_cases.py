"""What the client's operations on records must do, for every type that has them (contract, sections 9 to 12)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any, Final

import micro_so
import pytest

from tests.sdk.driver import Sdk, unique
from tests.sdk.kinds import GRANTED, KINDS, WRITTEN, Kind

#: By operation of the client, what it must do.
RECORD_CASES: Final[dict[str, Callable[[Sdk], None]]] = {}

_Check = Callable[[Sdk, Kind], None]


def _case(method: str, types: Iterable[str]) -> Callable[[_Check], _Check]:
    def register(check: _Check) -> _Check:
        for name in types:
            RECORD_CASES[KINDS[name].operation(method)] = _bound(check, KINDS[name])
        return check

    return register


def _bound(check: _Check, kind: Kind) -> Callable[[Sdk], None]:
    return lambda sdk: check(sdk, kind)


def refused(status: int, code: str, sdk: Sdk, operation: str, *arguments: Any, **named: Any) -> None:
    """Expect an operation to be refused."""
    with pytest.raises(micro_so.APIStatusError) as raised:
        sdk(operation, *arguments, **named)
    body: Any = raised.value.body
    assert (raised.value.status_code, body["error"]["code"]) == (status, code)


def filed(kind: Kind, company: str) -> dict[str, Any]:
    """Return the reference to an organization that a record of the type has, if it has one."""
    if kind.organization is None:
        return {}
    return {kind.organization: [company] if kind.several else company}


@_case("create", WRITTEN)
def create(sdk: Sdk, kind: Kind) -> None:
    (company,) = KINDS["organization"].make(sdk, {"name": unique("Engines Ltd")})
    sample, key = kind.sample(**filed(kind, company)), str(uuid.uuid4())
    made = sdk.raw(kind.operation("create"), default=sample, idempotency_key=key)
    assert made.status == 201
    assert made.headers["etag"]
    read = sdk.raw(kind.operation("get"), made.value.id)
    assert read.headers["etag"] == made.headers["etag"]
    assert {slug: read.value.default[slug] for slug in sample} == sample
    assert read.value.default["created_at"]
    again = sdk.raw(kind.operation("create"), default=sample, idempotency_key=key)
    assert (again.status, again.value.id, again.headers["idempotent-replay"]) == (201, made.value.id, "true")
    refused(400, "invalid_request", sdk, kind.operation("create"), default={"no_such_slug": 1})
    refused(400, "invalid_request", sdk, kind.operation("create"), default={"created_at": "2024-01-01"})


@_case("get", KINDS)
def get(sdk: Sdk, kind: Kind) -> None:
    sample = kind.sample()
    (made,) = kind.make(sdk, sample)
    read = sdk.raw(kind.operation("get"), made)
    assert read.headers["etag"]
    assert read.value.id == made
    assert {slug: read.value.default[slug] for slug in sample} == sample
    assert read.value.list is None
    some = sdk(kind.operation("get"), made, select=f"{kind.name},{kind.cleared}")
    assert some.default == {slug: sample[slug] for slug in (kind.name, kind.cleared)}
    refused(404, "not_found", sdk, kind.operation("get"), str(uuid.uuid4()))
    refused(400, "invalid_request", sdk, kind.operation("get"), made, select="no_such_slug")


@_case("update", WRITTEN)
def update(sdk: Sdk, kind: Kind) -> None:
    sample = kind.sample()
    (made,) = kind.make(sdk, sample)
    before = sdk.raw(kind.operation("get"), made).headers["etag"]
    patch = {**kind.changed, kind.cleared: None}
    changed = sdk.raw(kind.operation("update"), made, default=patch, if_match=before)
    assert changed.status == 200
    assert changed.headers["etag"] != before
    left = {slug: value for slug, value in {**sample, **patch}.items() if value is not None}
    read = sdk.raw(kind.operation("get"), made)
    assert read.headers["etag"] == changed.headers["etag"]
    assert {slug: read.value.default[slug] for slug in left} == left
    assert read.value.default.get(kind.cleared) is None
    refused(412, "precondition_failed", sdk, kind.operation("update"), made, default=sample, if_match=before)
    assert sdk.raw(kind.operation("get"), made).headers["etag"] == changed.headers["etag"]
    sdk(kind.operation("update"), made, default=sample, if_match="*")
    assert sdk(kind.operation("get"), made).default[kind.cleared] == sample[kind.cleared]
    refused(404, "not_found", sdk, kind.operation("update"), str(uuid.uuid4()), default={}, if_match="*")


@_case("delete", WRITTEN)
def delete(sdk: Sdk, kind: Kind) -> None:
    sample = kind.sample()
    (made,) = kind.make(sdk, sample)
    etag = sdk.raw(kind.operation("get"), made).headers["etag"]
    sdk(kind.operation("update"), made, default={kind.name: sample[kind.name] + " II"})
    refused(412, "precondition_failed", sdk, kind.operation("delete"), made, if_match=etag)
    sdk.settle()
    total = sdk(kind.operation("count")).total
    gone = sdk.raw(kind.operation("delete"), made)
    assert gone.status == 204
    assert sdk(kind.operation("count")).total == total - 1
    for method in ("get", "update", "delete", "duplicate"):
        refused(404, "not_found", sdk, kind.operation(method), made)
    refused(404, "not_found", sdk, kind.operation("find"), sample[kind.name] + " II", slug=kind.name)
    sugar = {kind.name: sample[kind.name] + " II"}
    assert sdk(kind.operation("list"), extra_query=sugar).data == []
    assert [row.id for row in sdk(kind.operation("list"), deleted=True, extra_query=sugar).data] == [made]


@_case("restore", WRITTEN)
def restore(sdk: Sdk, kind: Kind) -> None:
    sample = kind.sample()
    (made,) = kind.make(sdk, sample)
    sdk(kind.operation("delete"), made)
    back = sdk.raw(kind.operation("restore"), made)
    assert (back.status, back.value.id) == (200, made)
    assert back.headers["etag"] == sdk.raw(kind.operation("get"), made).headers["etag"]
    read = sdk(kind.operation("get"), made).default
    assert {slug: read[slug] for slug in sample} == sample
    assert sdk(kind.operation("find"), sample[kind.name], slug=kind.name).id == made
    refused(404, "not_found", sdk, kind.operation("restore"), str(uuid.uuid4()))


@_case("duplicate", WRITTEN)
def duplicate(sdk: Sdk, kind: Kind) -> None:
    sample = kind.sample()
    (made,) = kind.make(sdk, sample)
    copy = sdk.raw(kind.operation("duplicate"), made)
    assert copy.status == 201
    assert copy.value.id != made
    first, second = (sdk(kind.operation("get"), one).default for one in (made, copy.value.id))
    assert {slug: first[slug] for slug in sample} == sample
    assert {slug: second[slug] for slug in sample if slug != kind.name} == {**kind.values}
    sdk(kind.operation("update"), copy.value.id, default=kind.changed)
    assert sdk(kind.operation("get"), made).default == first
    refused(404, "not_found", sdk, kind.operation("duplicate"), str(uuid.uuid4()))


@_case("find", KINDS)
def find(sdk: Sdk, kind: Kind) -> None:
    one, twin = kind.sample(**{kind.name: unique("A/b @ ü, %")}), kind.sample()
    made, *twins = kind.make(sdk, one, twin, twin)
    found = sdk(kind.operation("find"), one[kind.name].upper(), slug=kind.name)
    assert found.id == made
    assert {slug: found.default[slug] for slug in one} == one
    refused(404, "not_found", sdk, kind.operation("find"), unique("nobody"), slug=kind.name)
    refused(409, "multiple_matches", sdk, kind.operation("find"), twin[kind.name], slug=kind.name)
    refused(400, "invalid_request", sdk, kind.operation("find"), "x", slug="no_such_slug")
    assert len(twins) == 2


@_case("upsert", WRITTEN)
def upsert(sdk: Sdk, kind: Kind) -> None:
    name = unique("A/b @ ü, %")
    made = sdk.raw(kind.operation("upsert"), name, slug=kind.name, default=dict(kind.values))
    assert made.status == 201
    assert {**kind.values, kind.name: name}.items() <= dict(sdk(kind.operation("get"), made.value.id).default).items()
    again = sdk.raw(kind.operation("upsert"), name.upper(), slug=kind.name, default=dict(kind.changed))
    assert (again.status, again.value.id) == (200, made.value.id)
    assert again.headers["etag"] != made.headers["etag"]
    left = {**kind.values, **kind.changed}
    assert left.items() <= dict(sdk(kind.operation("get"), made.value.id).default).items()
    kind.make(sdk, {kind.name: name})
    refused(409, "multiple_matches", sdk, kind.operation("upsert"), name, slug=kind.name, default={})


@_case("count", KINDS)
def count(sdk: Sdk, kind: Kind) -> None:
    sdk.settle()
    before = sdk(kind.operation("count")).total
    kind.make(sdk, kind.sample(), kind.sample())
    assert sdk(kind.operation("count")).total == before + 2


@_case("list", KINDS)
def list_records(sdk: Sdk, kind: Kind) -> None:
    samples = [kind.sample() for _ in range(3)]
    ids = dict(zip((sample[kind.name] for sample in samples), kind.make(sdk, *samples), strict=True))
    names = sorted(ids)
    sugar = {kind.name: ",".join(names)}
    page = sdk(kind.operation("list"), sort=f"-{kind.name}", limit=2, include_total=True, extra_query=sugar)
    assert [row.properties[kind.name] for row in page.data] == names[:0:-1]
    assert (page.has_more, page.total) == (True, 3)
    assert set(samples[0]) <= set(page.data[0].properties)
    rest = sdk(kind.operation("list"), sort=f"-{kind.name}", cursor=page.next_cursor, extra_query=sugar)
    assert [row.id for row in rest.data] == [ids[names[0]]]
    assert (rest.has_more, rest.next_cursor, rest.total) == (False, None, None)
    one = sdk(kind.operation("list"), select=kind.name, extra_query={kind.name: names[0]})
    assert [(row.id, row.properties) for row in one.data] == [(ids[names[0]], {kind.name: names[0]})]
    assert len(sdk(kind.operation("list"), limit=1).data) == 1
    refused(400, "invalid_request", sdk, kind.operation("list"), sort="no_such_slug")
    refused(400, "invalid_request", sdk, kind.operation("list"), extra_query={"no_such_slug": "1"})
    refused(400, "invalid_request", sdk, kind.operation("list"), cursor="forged")


@_case("query", KINDS)
def query(sdk: Sdk, kind: Kind) -> None:
    word = unique("query")
    names = [f"{word} {number}" for number in range(5)]
    (company,) = KINDS["organization"].make(sdk, {"name": unique("Engines Ltd")})
    made = kind.make(sdk, *(kind.sample(**{kind.name: name}, **filed(kind, company)) for name in names))
    ask = {"select": [kind.name], "filter": [{kind.name: {"begins_with": word}}], "sort": [{kind.name: "desc"}]}
    seen, cursor = [], None
    for _ in range(3):
        page = sdk(kind.operation("query"), query={**ask, "limit": 2}, include_total=True, **cursor or {})
        assert page.total == 5
        seen += [(row.id, row.properties) for row in page.data]
        cursor = {"cursor": page.next_cursor}
    assert (page.has_more, page.next_cursor) == (False, None)
    assert seen == [(one, {kind.name: name}) for one, name in reversed(list(zip(made, names, strict=True)))]
    chosen = sdk(kind.operation("query"), id=made[1:3], query={"select": []})
    assert sorted(row.id for row in chosen.data) == sorted(made[1:3])
    if kind.ordered:
        slug, below, above = kind.ordered
        between: dict[str, Any] = {"select": [], "filter": [{kind.name: {"begins_with": word}}, {slug: {">": below}}]}
        assert len(sdk(kind.operation("query"), query=between).data) == 5
        between["filter"].append({slug: {"between": [below, above]}})
        assert len(sdk(kind.operation("query"), query=between).data) == 5
        assert not sdk(kind.operation("query"), query={**between, "filter": [{slug: {">": above}}]}, id=made).data
    if kind.organization:
        path = f"{kind.organization}.name"
        asked = {"select": [path], "filter": [{path: {"begins_with": "Engines"}}]}
        (row,) = sdk(kind.operation("query"), query=asked, id=made[0]).data
        reference = row.properties[kind.organization]
        (whole,) = reference if kind.several else [reference]
        assert whole["id"] == company
        assert whole["properties"]["name"].startswith("Engines Ltd")
    for bad in ({"select": ["no_such"]}, {**ask, "limit": 51}, {**ask, "filter": [{kind.name: {"==": "x"}}]}, {}):
        refused(400, "invalid_request", sdk, kind.operation("query"), query=bad)


@_case("bulk_create", WRITTEN)
def bulk_create(sdk: Sdk, kind: Kind) -> None:
    first, second = kind.sample(), kind.sample()
    rows = [
        {"default": first},
        {"default": second},
        {"default": {**first, **kind.changed}},
        {"default": {"no_such": 1}},
    ]
    job = sdk(kind.operation("bulk_create"), objects=rows, options={"dedupe_by": kind.name})
    assert (job.job_id, job.status, job.total, job.succeeded, job.failed) == (None, "complete", 4, 3, 1)
    assert [(row.created, row.existing) for row in job.results] == [
        (True, False),
        (True, False),
        (False, True),
        (False, False),
    ]
    assert job.results[2].id == job.results[0].id
    assert job.results[3].error.code == "invalid_property"
    read = sdk(kind.operation("get"), job.results[1].id).default
    assert second.items() <= dict(read).items()


@_case("bulk_update", WRITTEN)
def bulk_update(sdk: Sdk, kind: Kind) -> None:
    samples = [kind.sample(), kind.sample()]
    one, two = kind.make(sdk, *samples)
    stranger = str(uuid.uuid4())
    items = [
        {"id": one, "default": {**kind.changed, kind.cleared: None}},
        {"id": stranger, "default": dict(kind.changed)},
        {"id": two, "default": {**kind.changed, "no_such": 1}},
    ]
    done = sdk(kind.operation("bulk_update"), items=items)
    assert [(result.id, result.status) for result in done.results] == [(one, "ok"), (stranger, "error"), (two, "error")]
    assert (done.summary.total, done.summary.succeeded, done.summary.failed) == (3, 1, 2)
    assert done.results[0].record.id == one
    assert done.results[1].error.code == "not_found"
    assert done.results[1].record is None
    read = [sdk(kind.operation("get"), record).default for record in (one, two)]
    assert dict(kind.changed).items() <= dict(read[0]).items()
    assert read[0].get(kind.cleared) is None
    assert samples[1].items() <= dict(read[1]).items()
    many = [{"id": one, "default": {}}] * 101
    refused(400, "invalid_request", sdk, kind.operation("bulk_update"), items=many)


@_case("bulk_delete", WRITTEN)
def bulk_delete(sdk: Sdk, kind: Kind) -> None:
    one, two, three = kind.make(sdk, kind.sample(), kind.sample(), kind.sample())
    stranger = str(uuid.uuid4())
    done = sdk(kind.operation("bulk_delete"), ids=[one, stranger, two])
    assert [(result.id, result.status) for result in done.results] == [(one, "ok"), (stranger, "error"), (two, "ok")]
    assert (done.summary.total, done.summary.succeeded, done.summary.failed) == (3, 2, 1)
    assert done.results[1].error.code == "not_found"
    for gone in (one, two):
        refused(404, "not_found", sdk, kind.operation("get"), gone)
    assert sdk(kind.operation("get"), three).id == three
    assert sdk(kind.operation("restore"), one).id == one
    refused(400, "invalid_request", sdk, kind.operation("bulk_delete"), ids=[three] * 101)


@_case("grant.get", GRANTED)
def get_grant(sdk: Sdk, kind: Kind) -> None:
    (made,) = kind.make(sdk, kind.sample())
    grant = sdk(kind.operation("grant.get"), made)
    assert not grant.team_group_id
    assert not grant.user_id
    sdk(kind.operation("grant.update"), made, body_team_id={sdk.team: "r"})
    assert sdk(kind.operation("grant.get"), made).team_id == {sdk.team: "r"}
    refused(404, "not_found", sdk, kind.operation("grant.get"), str(uuid.uuid4()))


@_case("grant.update", GRANTED)
def update_grant(sdk: Sdk, kind: Kind) -> None:
    (made,) = kind.make(sdk, kind.sample())
    user, group = str(uuid.uuid4()), str(uuid.uuid4())
    put = {"body_team_id": {sdk.team: "w"}, "user_id": [{user: "a"}], "team_group_id": [{group: "r"}]}
    answered = sdk(kind.operation("grant.update"), made, **put)
    for grant in (answered, sdk(kind.operation("grant.get"), made)):
        assert (grant.team_id, grant.user_id, grant.team_group_id) == ({sdk.team: "w"}, [{user: "a"}], [{group: "r"}])
    sdk(kind.operation("grant.update"), made, user_id=[{user: "r"}])
    replaced = sdk(kind.operation("grant.get"), made)
    assert replaced.user_id == [{user: "r"}]
    assert not replaced.team_group_id
    refused(400, "invalid_request", sdk, kind.operation("grant.update"), made, user_id=[{user: "x"}])
    refused(404, "not_found", sdk, kind.operation("grant.update"), str(uuid.uuid4()), **put)
