"""What the operations on lists take and answer (contract, section 16.1)."""

from __future__ import annotations

from typing import Final

from prismd.api.document.operation import IDEMPOTENCY_KEY, REPLAY, TEAM, Operation, Reply
from prismd.api.lists.shapes import ListCreate, ListPage, ListTemplatePage, ListTemplateShape, ObjectList
from prismd.core.api_keys.scopes import Scope

LIST_OPERATIONS: Final = (
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
    ),
    Operation(
        name="listLists",
        method="GET",
        path=f"{TEAM}/lists",
        tag="Lists",
        scopes=(Scope.READ,),
        summary="List the lists of the team, oldest first",
        replies=(Reply(200, "All of them.", ListPage),),
    ),
    Operation(
        name="getList",
        method="GET",
        path=f"{TEAM}/lists/{{listId}}",
        tag="Lists",
        scopes=(Scope.READ,),
        summary="Read a list",
        replies=(Reply(200, "The list.", ObjectList),),
        errors=("not_found",),
    ),
    Operation(
        name="listListTemplates",
        method="GET",
        path=f"{TEAM}/list-templates",
        tag="Lists",
        scopes=(Scope.READ,),
        summary="List what lists can be made from",
        replies=(Reply(200, "All templates.", ListTemplatePage),),
    ),
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
)
