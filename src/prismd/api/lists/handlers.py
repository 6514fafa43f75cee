"""Lists and their templates over HTTP (contract, section 16.1)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import IDEMPOTENCY_KEY, REPLAY, TEAM, Operation, Reply
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import read_body
from prismd.api.http.paths import value_in_path
from prismd.api.limits.answers import entries
from prismd.api.lists.shapes import (
    ListCreate,
    ListPage,
    ListTemplatePage,
    ListTemplateShape,
    ObjectList,
    shown_list,
    shown_template,
)
from prismd.core.api_keys.scopes import Scope
from prismd.core.json.text import encode
from prismd.core.lists.definitions import template_named
from prismd.core.lists.templates import TEMPLATES
from prismd.services import lists
from prismd.services.idempotency.claims import Answer
from prismd.services.session import Transaction


@handles(
    Operation(
        name="createList",
        method="POST",
        path=f"{TEAM}/lists",
        tag="Lists",
        scopes=(Scope.ADMIN,),
        summary="Make a list from a template",
        description="It gets a stage property of its own, `app_stage`, with the options of the template, and two "
        "views.",
        parameters=(IDEMPOTENCY_KEY,),
        body=ListCreate,
        replies=(Reply(201, "The list.", ObjectList, REPLAY),),
    )
)
def create_list(*, request: Request[Any, Any, Any], session: SessionIn, body: BodyBytes) -> Response[bytes]:
    """Make a list from a template."""

    def work(transaction: Transaction) -> Answer:
        wanted = read_body(body, ListCreate)
        made = lists.create_list(transaction, wanted.meant())
        return Answer(201, encode(shown_list(made, session.caller.public_id)), {})

    return write_once(request, session, body, work)


@handles(
    Operation(
        name="listLists",
        method="GET",
        path=f"{TEAM}/lists",
        tag="Lists",
        scopes=(Scope.READ,),
        summary="List the lists of the team, oldest first",
        replies=(Reply(200, "All of them.", ListPage),),
    )
)
def list_lists(session: SessionIn) -> Response[bytes]:
    """Answer all lists of the team."""
    found = session.do(lists.list_lists)
    shown = entries((shown_list(one, session.caller.public_id) for one in found), session.settings)
    return respond(Answer(200, encode(ListPage(data=shown)), {}))


@handles(
    Operation(
        name="getList",
        method="GET",
        path=f"{TEAM}/lists/{{listId}}",
        tag="Lists",
        scopes=(Scope.READ,),
        summary="Read a list",
        replies=(Reply(200, "The list.", ObjectList),),
        errors=("not_found",),
    )
)
def get_list(list_id: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer a list."""
    which = value_in_path(list_id)
    found = session.do(lists.get_list, which)
    return respond(Answer(200, encode(shown_list(found, session.caller.public_id)), {}))


@handles(
    Operation(
        name="listListTemplates",
        method="GET",
        path=f"{TEAM}/list-templates",
        tag="Lists",
        scopes=(Scope.READ,),
        summary="List what lists can be made from",
        replies=(Reply(200, "All templates.", ListTemplatePage),),
    ),
    in_thread=False,
)
def list_templates() -> Response[bytes]:
    """Answer the templates for lists."""
    page = ListTemplatePage(data=[shown_template(template) for template in TEMPLATES.values()])
    return respond(Answer(200, encode(page), {}))


@handles(
    Operation(
        name="getListTemplate",
        method="GET",
        path=f"{TEAM}/list-templates/{{templateId}}",
        tag="Lists",
        scopes=(Scope.READ,),
        summary="Read a template",
        replies=(Reply(200, "The template.", ListTemplateShape),),
        errors=("not_found",),
    ),
    in_thread=False,
)
def get_template(template_id: PathPart) -> Response[bytes]:
    """Answer a template."""
    return respond(Answer(200, encode(shown_template(template_named(value_in_path(template_id)))), {}))


LISTS: Final = (create_list, list_lists, get_list, list_templates, get_template)
