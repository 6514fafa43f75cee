"""Lists and their templates over HTTP (contract, section 16.1)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post

from prismd.api.http.errors import respond
from prismd.api.http.idempotency import write_once
from prismd.api.http.injected import BodyBytes, CallerIn, PathPart, RuntimeIn
from prismd.api.http.json_bodies import read_body
from prismd.api.http.paths import value_in_path
from prismd.api.limits.answers import entries
from prismd.api.lists.shapes import ListCreate, ListPage, ListTemplatePage, shown_list, shown_template
from prismd.core.json.text import encode
from prismd.core.lists.definitions import template_named
from prismd.core.lists.templates import TEMPLATES
from prismd.services import lists
from prismd.services.idempotency.claims import Answer
from prismd.store.connections.postgres import Connection


@post("/lists", sync_to_thread=True)
def create_list(
    *, request: Request[Any, Any, Any], caller: CallerIn, runtime: RuntimeIn, body: BodyBytes
) -> Response[bytes]:
    """Make a list from a template."""

    def work(connection: Connection) -> Answer:
        wanted = read_body(body, ListCreate)
        made = lists.create_list(connection, runtime, caller.team_id, wanted.meant())
        return Answer(201, encode(shown_list(made, caller.public_id)), {})

    return write_once(request, runtime, caller, body, work)


@get("/lists", sync_to_thread=True)
def list_lists(caller: CallerIn, runtime: RuntimeIn) -> Response[bytes]:
    """Answer all lists of the team."""
    with runtime.of_team(caller.team_id) as connection:
        found = lists.list_lists(connection, caller.team_id)
    shown = entries((shown_list(one, caller.public_id) for one in found), runtime.settings)
    return respond(Answer(200, encode(ListPage(data=shown)), {}))


@get("/lists/{list_id:str}", sync_to_thread=True)
def get_list(list_id: PathPart, caller: CallerIn, runtime: RuntimeIn) -> Response[bytes]:
    """Answer a list."""
    which = value_in_path(list_id)
    with runtime.of_team(caller.team_id) as connection:
        found = lists.get_list(connection, caller.team_id, which)
    return respond(Answer(200, encode(shown_list(found, caller.public_id)), {}))


@get("/list-templates", sync_to_thread=False)
def list_templates() -> Response[bytes]:
    """Answer what lists can be made from."""
    page = ListTemplatePage(data=[shown_template(template) for template in TEMPLATES.values()])
    return respond(Answer(200, encode(page), {}))


@get("/list-templates/{template_id:str}", sync_to_thread=False)
def get_template(template_id: PathPart) -> Response[bytes]:
    """Answer a template."""
    return respond(Answer(200, encode(shown_template(template_named(value_in_path(template_id)))), {}))


LISTS: Final = [create_list, list_lists, get_list, list_templates, get_template]
