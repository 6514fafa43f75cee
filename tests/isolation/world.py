"""A team that has some of everything, and what the database holds of it."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from prismd.core.properties.schema import OBJECT_TYPES
from prismd.services.api_keys.api_keys import WantedKey, create_key
from prismd.services.runtime import SoleRuntime, system_clock, system_ids
from prismd.settings import Settings
from prismd.store.connections.postgres import connect
from tests.processes import PATIENCE_S, RunningServer

#: By object type: a slug of any text.
TEXTS: Final = {
    "contact": "full_name", "organization": "name", "identity": "full_name", "deal": "name", "action": "title",
    "document": "title", "engagement": "title", "event": "name", "comment": "body",
}  # fmt: skip
#: By object type: a slug of references to records that prismd holds, and their type; ``person`` is the team's own.
REFERENCES: Final = {
    "contact": ("company", "organization"), "organization": ("last_calendar_event", "event"),
    "identity": ("email_addresses", "contact"), "deal": ("people", "identity"), "action": ("person", "identity"),
    "document": ("companies", "organization"), "engagement": ("event", "event"), "event": ("organizer", "contact"),
    "comment": ("people", "identity"),
}  # fmt: skip
#: By object type: a slug and what a team's name makes of it; by these, people and companies are found.
FOUND_BY: Final = {"contact": ("email", "{}@example.org"), "organization": ("primary_domain", "{}.example.org")}
#: The types that views exist for; contact has none.
VIEWED: Final = tuple(name for name in OBJECT_TYPES if name != "contact")
#: The type of the records that the list is a list of.
LISTED: Final = "deal"
#: How many records are made at once; one import that is answered directly.
SPARE: Final = 90

_TABLES: Final = "SELECT table_name FROM information_schema.columns WHERE column_name = 'team_id' ORDER BY 1"

#: Rows of a team by table, as JSON.
Rows = dict[str, list[str]]


@dataclass
class World:
    """A team with records of all types, a list, views, jobs, properties of its own, and pages under way.

    Args:
        name: A word that stands in all that the team wrote.
        ids: Of everything that it has, by kind, then by object type; ``""`` for kinds without types.
    """

    url: str
    team: str
    key: str
    http: httpx.Client = field(repr=False)
    name: str = field(default_factory=lambda: f"secret{secrets.token_hex(8)}")
    ids: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def send(self, method: str, path: str, *, key: str | None = None, **request: Any) -> httpx.Response:
        """Send a request to a path under the team, or to an absolute one."""
        whole = path if path.startswith("/v2/") else f"/v2/prism/{self.team}{path}"
        headers = {"x-api-key": key or self.key, **request.pop("headers", {})}
        return self.http.request(method, self.url + whole, headers=headers, **request)

    def one(self, kind: str, object_type: str = "") -> str:
        """Return an id that the team has."""
        held = self.ids[kind]
        return (held.get(object_type) or held.get("") or next(iter(held.values())))[0]

    def fresh(self, kind: str, object_type: str) -> str:
        """Return an id that the team has; of records one that was not given out before."""
        if kind != "record":
            return self.one(kind, object_type)
        held = self.ids[kind][object_type or LISTED]
        if len(held) == 1:
            self._make_records(object_type or LISTED, SPARE)
        return held.pop()

    def every_id(self) -> set[str]:
        """Return every id that the team has, and every cursor."""
        kinds = (by_type for kind, by_type in self.ids.items() if kind != "value")
        return {one for by_type in kinds for held in by_type.values() for one in held}

    def fill(self) -> None:
        """Give the team some of everything."""
        self._fill_properties()
        self._fill_records()
        self._fill_views()
        self._fill_mappings()
        self._fill_jobs()
        self._fill_files()
        self._fill_cursors()

    def _fill_properties(self) -> None:
        made = self._made("/action/properties", {"name": "Person", "type": "ref_identity"})
        self._keep("property", "action", made["id"])
        for object_type in OBJECT_TYPES:
            colours = {
                "name": f"Colour of {self.name}",
                "slug": "colour",
                "type": "select_str",
                "options": [{"value": self.name}],
            }
            made = self._made(f"/{object_type}/properties", colours)
            self.ids.setdefault("property", {})[object_type] = [made["id"]]
            self._keep("option", object_type, made["options"][0]["id"])

    def _fill_records(self) -> None:
        for object_type in ("organization", "event", "contact", "identity", *OBJECT_TYPES):
            self._make_records(object_type, 3)
        made = self._made("/lists", {"template_id": "custom", "name": self.name, "object_type": LISTED})
        self._keep("list", "", made["id"])
        self._keep("value", "", self.name)
        member = {"default": {TEXTS[LISTED]: self.name}, "list": {made["id"]: {}}}
        self._keep("record", LISTED, self._made(f"/{LISTED}", member)["id"])

    def _fill_views(self) -> None:
        for object_type in VIEWED:
            view = {"name": self.name, "view_type": "grid", "select": [TEXTS[object_type]]}
            made = self._made(f"/{object_type}/views", view)["id"]
            self._keep("view", object_type, made)
            pinned = self.ids["record"][object_type][0]
            assert self.send("POST", f"/{object_type}/views/{made}/records/{pinned}").status_code == 201

    def _fill_mappings(self) -> None:
        for name in (self.name, f"{self.name}.2"):
            assert self.send("PUT", f"/mappings/{name}", json={"version": 1}).status_code == 200

    def _fill_jobs(self) -> None:
        rows = [{"default": {"full_name": f"{self.name} {number}"}} for number in range(120)]
        job = self._import("contact", [*rows, {"default": {"no_such": self.name}}])["job_id"]
        end = time.monotonic() + PATIENCE_S
        while self.send("GET", f"/imports/{job}").json()["status"] == "processing":
            assert time.monotonic() < end, "the job did not end"
            time.sleep(0.02)
        self._keep("job", "", job)

    def _fill_files(self) -> None:
        for number in range(2):
            content = f"Name\n{self.name} {number}\n"
            made = self.send("POST", "/files", params={"name": f"{self.name}.csv"}, content=content)
            assert made.status_code == 201, made.text
            self._keep("file", "", made.json()["id"])

    def _fill_cursors(self) -> None:
        self._import("contact", [{"default": {"full_name": f"{self.name} {number}"}} for number in range(120)])
        job = self.one("job")
        self._keep("cursor", "files", self._page("GET", "/files", params={"limit": 1}))
        self._keep("cursor", "mappings", self._page("GET", "/mappings", params={"limit": 1}))
        self._keep("cursor", "imports", self._page("GET", "/imports", params={"limit": 1}))
        self._keep("cursor", "results", self._page("GET", f"/imports/{job}/results", params={"limit": 1}))
        for object_type in OBJECT_TYPES:
            query = {"query": {"select": [], "limit": 1}}
            self._keep("cursor", f"query {object_type}", self._page("POST", f"/{object_type}/query", json=query))
            self._keep("cursor", f"list {object_type}", self._page("GET", f"/{object_type}", params={"limit": 1}))
        for object_type, (view, *_) in self.ids["view"].items():
            path = f"/{object_type}/views"
            another = {"name": self.name, "view_type": "grid"}
            self._keep("view", object_type, self._made(path, another)["id"])
            self._keep("cursor", f"views {object_type}", self._page("GET", path, params={"limit": 1}))
            page = self._page("GET", f"{path}/{view}/records", params={"limit": 1})
            self._keep("cursor", f"view records {object_type}", page)

    def _make_records(self, object_type: str, count: int) -> None:
        slug, target = REFERENCES[object_type]
        referred = self._standing(target)
        values = {TEXTS[object_type]: self.name, **({slug: referred} if referred else {})}
        if object_type in FOUND_BY:
            key, form = FOUND_BY[object_type]
            values[key] = form.format(self.name)
        if object_type == "event":
            for _ in range(count):
                self._keep("record", object_type, self._made("/event", {"default": values})["id"])
            return
        results = self._import(object_type, [{"default": values}] * min(count, SPARE))["results"]
        for result in results:
            self._keep("record", object_type, result["id"])

    def _standing(self, object_type: str) -> str | None:
        """Return a record that nobody has deleted, which hostile requests may do; None where there was never one."""
        held = self.ids.get("record", {}).get(object_type, [])
        while held and self.send("GET", f"/{object_type}/{held[0]}").status_code == 404:
            del held[0]
            if not held:
                self._make_records(object_type, SPARE)
        return held[0] if held else None

    def _import(self, object_type: str, rows: list[Any]) -> Any:
        answer = self.send("POST", f"/{object_type}/import", json={"objects": rows})
        assert answer.is_success, answer.text
        return answer.json()

    def _made(self, path: str, body: Any) -> Any:
        answer = self.send("POST", path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def _page(self, method: str, path: str, **request: Any) -> str:
        answer = self.send(method, path, **request)
        assert answer.status_code == 200, answer.text
        cursor = answer.json()["next_cursor"]
        assert cursor
        return str(cursor)

    def _keep(self, kind: str, object_type: str, one: str) -> None:
        self.ids.setdefault(kind, {}).setdefault(object_type, []).append(one)


def new_team(server: RunningServer, http: httpx.Client) -> World:
    """Make a team on a running server, which has nothing yet."""
    world = World(server.url, "", "", http)
    with connect(server.database_url, Settings()) as connection:
        runtime = SoleRuntime(connection, Settings(), system_clock, system_ids())
        made = create_key(runtime, WantedKey(f"team-{world.name}", "x", make_team=True))
    world.team, world.key = made.team, made.key
    return world


def new_world(server: RunningServer, http: httpx.Client) -> World:
    """Make a team on a running server, and give it some of everything."""
    world = new_team(server, http)
    world.fill()
    return world


class Ghost:
    """Ids of nothing that there ever was: for each of a team's, always the same.

    Args:
        world: The team whose ids these take the place of.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._ids: dict[str, str] = {}

    def one(self, kind: str, object_type: str = "") -> str:
        """Return an id that nobody has."""
        made = {"cursor": "forged", "value": "nobody"}.get(kind) or str(uuid.uuid4())
        return self._ids.setdefault(self._world.one(kind, object_type), made)


@contextmanager
def reading(database_url: str, team: str) -> Iterator[Callable[[], Rows]]:
    """Yield what reads everything that the database holds of a team, but who came to its paths with a wrong key."""
    with connect(database_url, Settings()) as connection:
        connection.autocommit = True
        tables = [name for (name,) in connection.execute(_TABLES)]
        found = connection.execute("SELECT id FROM team WHERE public_id = %s", (team,)).fetchone()
        assert found is not None
        union = " UNION ALL ".join(
            f"SELECT '{table}', to_jsonb(row)::text FROM {table} AS row WHERE team_id = {found[0]}" for table in tables
        )

        def read() -> Rows:
            rows: Rows = {table: [] for table in tables}
            for table, row in connection.execute(union):
                if '"authentication.failed"' not in row:
                    rows[table].append(row)
            return {table: sorted(held) for table, held in rows.items()}

        yield read
