"""Every route of the API, with the checks before it and the size limit of its body."""

from __future__ import annotations

from litestar import Router
from litestar.types import ControllerRouterHandler

from prismd.api.authentication.callers import let_in
from prismd.api.authentication.within_scopes import within_scopes
from prismd.api.document.docs_page import get_document, get_page, get_page_file
from prismd.api.document.operation import TEAM
from prismd.api.handlers import HANDLERS, OF_ROWS, STREAMED
from prismd.api.http.encoded_text import readable_query
from prismd.api.http.handling import operation_of
from prismd.api.http.known_parameters import known_parameters
from prismd.api.records.preconditions import without_version
from prismd.settings import Settings


def routes(settings: Settings) -> list[ControllerRouterHandler]:
    """Return the routes.

    Args:
        settings: The settings, for the size of bodies; all bodies but those of imports are small.
    """
    of_teams = [handler for handler in HANDLERS if operation_of(handler).path.startswith(TEAM)]
    team_routes: list[ControllerRouterHandler] = [
        Router("/", route_handlers=OF_ROWS, request_max_body_size=settings.body_bytes_max),
        Router("/", route_handlers=STREAMED, request_max_body_size=None),
        *(handler for handler in of_teams if handler not in (*OF_ROWS, *STREAMED)),
    ]
    guards = [let_in, within_scopes, readable_query, known_parameters, without_version]
    return [
        *(handler for handler in HANDLERS if handler not in of_teams),
        get_document,
        get_page,
        get_page_file,
        Router("/v2/prism/{team_id:str}", route_handlers=team_routes, guards=guards),
    ]
