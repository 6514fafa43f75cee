"""Every route of the API on one screen."""

from __future__ import annotations

from litestar import Router
from litestar.types import ControllerRouterHandler

from prismd.api import (
    find_or_create,
    grants,
    lists,
    properties,
    record_batches,
    record_queries,
    record_writes,
    records,
    view_records,
    views,
)
from prismd.api.audit import get_audit
from prismd.api.auth import let_in
from prismd.api.docs_page import get_document, get_page, get_page_file
from prismd.api.encoded_text import readable_query
from prismd.api.health import get_health, get_liveness
from prismd.api.import_control import cancel_import, retry_import
from prismd.api.import_events import get_events
from prismd.api.imports import get_import, list_imports, start_import
from prismd.api.known_parameters import known_parameters
from prismd.api.preconditions import without_version
from prismd.api.realtime import create_ticket
from prismd.api.results import get_results
from prismd.api.within_scopes import within_scopes
from prismd.settings import Settings


def routes(settings: Settings) -> list[ControllerRouterHandler]:
    """Return the routes.

    Args:
        settings: For the size of bodies; what is not an import is small.
    """
    team_routes: list[ControllerRouterHandler] = [
        Router("/", route_handlers=[start_import, retry_import], request_max_body_size=settings.body_bytes_max),
        list_imports,
        get_import,
        get_results,
        get_events,
        cancel_import,
        *records.HANDLERS,
        *record_writes.HANDLERS,
        *record_batches.HANDLERS,
        *find_or_create.HANDLERS,
        *properties.HANDLERS,
        *record_queries.HANDLERS,
        *lists.HANDLERS,
        *grants.HANDLERS,
        *views.HANDLERS,
        *view_records.HANDLERS,
        get_audit,
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
