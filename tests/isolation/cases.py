"""Where ids stand in the requests of each route: in the path, and in query and body as these cases say."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.isolation.world import FOUND_BY, LISTED, REFERENCES, TEXTS, Ghost, World

#: What a case adds to the path of a request: ``params`` and ``json`` as the HTTP client takes them.
Extras = dict[str, Any]

#: By parameter of a path, the kind of id that stands there. Each must lead to 404 where it is another team's.
IN_PATH: Final = {
    "recordId": "record", "objectId": "record", "jobId": "job", "viewId": "view", "listId": "list",
    "propertyId": "property", "optionId": "option", "fileId": "file",
}  # fmt: skip

#: Kinds of ids that all look the same, so that one can stand where another is meant.
_ALIKE: Final = ("record", "job", "view", "list", "property", "option", "file")


@dataclass
class Pick:
    """Chooses the ids of a request, from the caller's own team or from another, and can be run again with ghosts.

    Args:
        draw: Returns a number below another.
        own: The caller's team.
        foreign: The other, or what only looks like one.
        used: The ids of the other team that were chosen.
    """

    draw: Callable[[int], int]
    own: World
    foreign: World | Ghost
    used: list[str] = field(default_factory=list)

    def __call__(self, kind: str, object_type: str = "") -> str:
        """Return an id of a kind: mostly the other team's, sometimes one of another kind."""
        whose = self.draw(4)
        if whose == 0:
            return self.own.fresh(kind, object_type)
        named = _ALIKE[self.draw(len(_ALIKE))] if whose == 1 and kind in _ALIKE else kind
        found = self.foreign.one(named, object_type)
        self.used.append(found)
        return found

    def among(self, *choices: Callable[[], Any]) -> Any:
        """Return the outcome of one of several choices."""
        return choices[self.draw(len(choices))]()


Case = Callable[[Pick, str], Extras]


def _anew() -> str:
    return str(uuid.uuid4())


def _nothing(_pick: Pick, _type: str) -> Extras:
    return {}


def _values(pick: Pick, object_type: str) -> dict[str, Any]:
    slug, target = REFERENCES[object_type]
    referred = (
        pick.among(lambda: pick("record", target), lambda: _found_by(pick, target)) if target == "contact" else None
    )
    values: dict[str, Any] = {"default": {TEXTS[object_type]: _anew(), slug: referred or pick("record", target)}}
    if object_type == LISTED:
        values["list"] = {pick("list"): {}}
    return values


def _written(pick: Pick, object_type: str) -> Extras:
    return {"json": _values(pick, object_type)}


def _upserted(pick: Pick, object_type: str) -> Extras:
    params = pick.among(dict, lambda: {"list_id": pick("list")})
    return {"json": _values(pick, object_type), "params": params}


def _scoped(pick: Pick, _type: str) -> Extras:
    return {"params": {"list_id": pick("list")}}


def _listed(pick: Pick, object_type: str) -> Extras:
    slug, target = REFERENCES[object_type]
    params = pick.among(
        lambda: {"cursor": pick("cursor", f"list {object_type}")},
        lambda: {"list_id": pick("list")},
        lambda: {slug: pick("record", target)},
        lambda: {TEXTS[object_type]: pick("value")},
    )
    return {"params": params}


def _queried(pick: Pick, object_type: str) -> Extras:
    slug, target = REFERENCES[object_type]
    select: list[str] = []
    body = pick.among(
        lambda: {"query": {"select": select}, "id": [pick("record", object_type), pick("record", object_type)]},
        lambda: {"query": {"select": select, "cursor": pick("cursor", f"query {object_type}")}},
        lambda: {"query": {"select": select}, "cursor": pick("cursor", f"query {object_type}")},
        lambda: {"query": {"select": select, "list_id": pick("list")}},
        lambda: {"query": {"select": select, "filter": [{slug: {"=": pick("record", target)}}]}},
        lambda: {"query": {"select": select, "filter": [{slug: {"in": [pick("record", target)]}}]}},
        lambda: {"query": {"select": [f"{slug}.{TEXTS[target]}"], "filter": [{f"{slug}.id": {"=": pick("record")}}]}},
        lambda: {"query": {"select": select, "filter": [{TEXTS[object_type]: {"contains": pick("value")}}]}},
        lambda: {"query": {"select": select, "filter": [{"colour": {"=": pick("option", object_type)}}]}},
    )
    return {"json": body}


def _exported(pick: Pick, object_type: str) -> Extras:
    slug, target = REFERENCES[object_type]
    body = pick.among(
        lambda: {"id": [pick("record", object_type), pick("record", object_type)]},
        lambda: {"cursor": pick("cursor", f"query {object_type}")},
        lambda: {"query": {"list_id": pick("list")}},
        lambda: {"query": {"filter": [{slug: {"in": [pick("record", target)]}}]}},
        lambda: {"query": {"filter": [{TEXTS[object_type]: {"contains": pick("value")}}]}},
        lambda: {"query": {"filter": [{"colour": {"=": pick("option", object_type)}}]}},
    )
    return {"json": {"marks": pick.among(lambda: True, lambda: False), **body}}


def _imported(pick: Pick, object_type: str) -> Extras:
    rows = [_values(pick, object_type), {"default": {TEXTS[object_type]: _anew()}}]
    options = pick.among(
        dict,
        lambda: {"list_id": pick("list")},
        lambda: {"dedupe_by": TEXTS[object_type], "update_existing": True},
    )
    return {"json": {"objects": rows, "options": options}}


def _batch_updated(pick: Pick, object_type: str) -> Extras:
    items = [{"id": pick("record", object_type), **_values(pick, object_type)} for _ in range(2)]
    return {"json": {"items": items}}


def _batch_deleted(pick: Pick, object_type: str) -> Extras:
    return {"json": {"ids": [pick("record", object_type) for _ in range(3)]}}


def _matched(pick: Pick, object_type: str) -> Extras:
    slug, target = REFERENCES[object_type]
    key, by = ("email_address", "contact") if object_type == "identity" else ("primary_domain", "organization")
    return {"json": {"match": {key: _found_by(pick, by)}, "defaults": {slug: pick("record", target)}}}


def _found_by(pick: Pick, object_type: str) -> str:
    return FOUND_BY[object_type][1].format(pick("value"))


def _granted(pick: Pick, _type: str) -> Extras:
    return {"json": {"user_id": [{"somebody": "r"}], "team_id": {pick.own.team: "w"}}}


def _viewed(pick: Pick, object_type: str) -> Extras:
    slug, target = REFERENCES[object_type]
    fields = pick.among(
        lambda: {"list_id": pick("list")},
        lambda: {"filter": [{slug: {"=": pick("record", target)}}]},
        lambda: {"aggregation_prop_def_id": pick("property", object_type)},
        lambda: {"group_hidden_option_ids": [pick("option", object_type)]},
    )
    return {"json": {"name": _anew(), "view_type": "grid", **fields}}


def _view_paged(pick: Pick, object_type: str) -> Extras:
    return {"params": pick.among(dict, lambda: {"cursor": pick("cursor", f"view records {object_type}")})}


def _view_read(pick: Pick, object_type: str) -> Extras:
    paged = _view_paged(pick, object_type)
    return {"params": {"include": "records", **paged["params"]}}


def _views_listed(pick: Pick, object_type: str) -> Extras:
    return {
        "params": pick.among(
            lambda: {"cursor": pick("cursor", f"views {object_type}")},
            lambda: {"list_id": pick("list")},
        )
    }


def _reordered(pick: Pick, object_type: str) -> Extras:
    return {"json": {"object_ids": [pick("record", object_type) for _ in range(2)]}}


def _scope(pick: Pick, object_type: str) -> dict[str, str]:
    scope: dict[str, str] = {} if object_type != LISTED else pick.among(dict, lambda: {"list_id": pick("list")})
    return scope


def _defined(pick: Pick, _type: str) -> Extras:
    return {"json": {"name": _anew(), "type": "str", "list_id": pick("list")}}


def _redefined(pick: Pick, object_type: str) -> Extras:
    return {"json": {"name": _anew(), "type": "select_str", **_scope(pick, object_type)}}


def _undefined(pick: Pick, object_type: str) -> Extras:
    return {"params": {"type": "select_str", **_scope(pick, object_type)}}


def _chosen(pick: Pick, object_type: str) -> Extras:
    return {"json": {"value": _anew(), "type": "select_str", **_scope(pick, object_type)}}


def _validated(pick: Pick, object_type: str) -> Extras:
    scope = pick.among(lambda: {"type": "workspace"}, lambda: {"type": "list", "list_id": pick("list")})
    slug, target = REFERENCES[object_type]
    values = {slug: pick("record", target)}
    return {"json": {"scope": scope, "operation": "create", "properties": values}}


def _retried(pick: Pick, _type: str) -> Extras:
    return {"json": {"objects": [{"input_index": 120, "default": {"company": pick("record", "organization")}}]}}


def _audited(pick: Pick, _type: str) -> Extras:
    kind = _ALIKE[pick.draw(len(_ALIKE))]
    return {"params": {pick.among(lambda: "object_id", lambda: "key_id"): pick(kind)}}


#: By route, without the team and the names of its parameters, what its requests say beside the path.
CASES: Final[Mapping[str, Case]] = {
    "GET /imports": lambda pick, _: {"params": {"cursor": pick("cursor", "imports")}},
    "GET /imports/{}": _nothing,
    "GET /imports/{}/results": lambda pick, _: {
        "params": pick.among(dict, lambda: {"cursor": pick("cursor", "results")})
    },
    "GET /imports/{}/failed-rows": _nothing,
    "GET /imports/{}/problems": lambda pick, _: {
        "params": pick.among(dict, lambda: {"cursor": pick("cursor", "problems")})
    },
    "GET /imports/{}/events": lambda *_: {"headers": {"last-event-id": "1000"}},
    "POST /imports/{}/cancel": _nothing,
    "POST /imports/{}/retry": _retried,
    "POST /imports/{}/undo": lambda pick, _: pick.among(dict, lambda: {"json": {"dry_run": True}}),
    "POST /imports/{}/decide": lambda pick, _: {
        "json": {"property": "company", "do": "map", "value": pick("record", "organization")}
    },
    "POST /{}/import": _imported,
    "GET /{}/{}": _nothing,
    "GET /{}/count": _scoped,
    "GET /{}/by/{}/{}": lambda pick, _: {"params": pick.among(dict, lambda: {"list_id": pick("list")})},
    "GET /properties": _scoped,
    "GET /{}/properties": _scoped,
    "POST /{}/properties": _defined,
    "POST /{}/properties/validate": _validated,
    "PATCH /{}/properties/{}": _redefined,
    "DELETE /{}/properties/{}": _undefined,
    "POST /{}/properties/{}/options": _chosen,
    "PATCH /{}/properties/{}/options/{}": _chosen,
    "DELETE /{}/properties/{}/options/{}": _undefined,
    "GET /{}": _listed,
    "POST /{}": _written,
    "PATCH /{}/{}": _written,
    "DELETE /{}/{}": _nothing,
    "POST /{}/{}/duplicate": _nothing,
    "POST /{}/{}/restore": _nothing,
    "PUT /{}/by/{}/{}": _upserted,
    "POST /{}/batch/update": _batch_updated,
    "POST /{}/batch/delete": _batch_deleted,
    "POST /{}/batch/restore": _batch_deleted,
    "POST /{}/batch/purge": _batch_deleted,
    "POST /{}/query": _queried,
    "POST /{}/export": _exported,
    "POST /{}/find-or-create": _matched,
    "GET /{}/{}/grant": _nothing,
    "PUT /{}/{}/grant": _granted,
    "GET /{}/views": _views_listed,
    "POST /{}/views": _viewed,
    "GET /{}/views/{}": _view_read,
    "PATCH /{}/views/{}": _viewed,
    "DELETE /{}/views/{}": _nothing,
    "GET /{}/views/{}/records": _view_paged,
    "PATCH /{}/views/{}/records": _reordered,
    "POST /{}/views/{}/records/{}": _nothing,
    "DELETE /{}/views/{}/records/{}": _nothing,
    "GET /lists/{}": _nothing,
    "GET /mappings": lambda pick, _: {"params": {"cursor": pick("cursor", "mappings")}},
    "GET /mappings/{}": _nothing,
    "PUT /mappings/{}": lambda *_: {"json": {"version": 1}},
    "DELETE /mappings/{}": _nothing,
    "GET /audit": _audited,
    "GET /files": lambda pick, _: {"params": {"cursor": pick("cursor", "files")}},
    "GET /files/{}": _nothing,
    "GET /files/{}/content": _nothing,
    "GET /files/{}/profile": lambda *_: {"params": {"type": "contact"}},
    "DELETE /files/{}": _nothing,
}
#: Routes in which no id can stand but the team's.
WITHOUT_IDS: Final = {
    "GET /lists",
    "POST /lists",
    "GET /list-templates",
    "GET /list-templates/{}",
    "POST /v2/realtime/ticket",
    "POST /files",
}


def route(method: str, path: str) -> str:
    """Return the key of a route in the table above."""
    return f"{method} " + re.sub(r"{\w+}", "{}", path.removeprefix("/v2/prism/{teamId}"))
