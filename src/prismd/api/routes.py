"""Every route of the API: who stands before it, and how large its body may be."""

from __future__ import annotations

from litestar import Router
from litestar.types import ControllerRouterHandler

from prismd.api.audit.handlers import get_audit
from prismd.api.authentication.callers import let_in
from prismd.api.authentication.within_scopes import within_scopes
from prismd.api.document.docs_page import get_document, get_page, get_page_file
from prismd.api.handlers import OF_ROWS, OF_TEAMS
from prismd.api.http.encoded_text import readable_query
from prismd.api.http.known_parameters import known_parameters
from prismd.api.monitoring.health import get_health, get_liveness
from prismd.api.realtime.handlers import create_ticket
from prismd.api.records.preconditions import without_version
from prismd.settings import Settings


def routes(settings: Settings) -> list[ControllerRouterHandler]:
    """Return the routes.

    Args:
        settings: For the size of bodies; what is not an import is small.
    """
    team_routes: list[ControllerRouterHandler] = [
        Router("/", route_handlers=OF_ROWS, request_max_body_size=settings.body_bytes_max),
        *(handler for handler in (*OF_TEAMS, get_audit) if handler not in OF_ROWS),
    ]
    guards = [let_in, within_scopes, readable_query, known_parameters, without_version]
    return [
        get_health,
        get_liveness,
        get_document,
        get_page,
        get_page_file,
        create_ticket,
        Router("/v2/prism/{team_id:str}", route_handlers=team_routes, guards=guards),
    ]
