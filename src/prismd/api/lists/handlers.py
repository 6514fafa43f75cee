"""Lists and their templates over HTTP (contract, section 16.1)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post

from prismd.api.http.errors import respond
from prismd.api.http.idempotency import write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import read_body
from prismd.api.http.paths import value_in_path
from prismd.api.limits.answers import entries
from prismd.api.lists.shapes import ListCreate, ListPage, ListTemplatePage, shown_list, shown_template
from prismd.core.json.text import encode
from prismd.core.lists.definitions import template_named
from prismd.core.lists.templates import TEMPLATES
from prismd.services import lists
from prismd.services.idempotency.claims import Answer
from prismd.services.session import Transaction


@post("/lists", sync_to_thread=True)
def create_list(*, request: Request[Any, Any, Any], session: SessionIn, body: BodyBytes) -> Response[bytes]:
    """Make a list from a template."""

    def work(transaction: Transaction) -> Answer:
        wanted = read_body(body, ListCreate)
        made = lists.create_list(transaction, wanted.meant())
        return Answer(201, encode(shown_list(made, session.caller.public_id)), {})

    return write_once(request, session, body, work)


@get("/lists", sync_to_thread=True)
def list_lists(session: SessionIn) -> Response[bytes]:
    """Answer all lists of the team."""
    found = session.do(lists.list_lists)
    shown = entries((shown_list(one, session.caller.public_id) for one in found), session.settings)
    return respond(Answer(200, encode(ListPage(data=shown)), {}))


@get("/lists/{list_id:str}", sync_to_thread=True)
def get_list(list_id: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer a list."""
    which = value_in_path(list_id)
    found = session.do(lists.get_list, which)
    return respond(Answer(200, encode(shown_list(found, session.caller.public_id)), {}))


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
