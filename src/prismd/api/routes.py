"""Every route of the API on one screen."""

from __future__ import annotations

from litestar import Router
from litestar.types import ControllerRouterHandler

from prismd.api.audit.handlers import get_audit
from prismd.api.authentication.callers import let_in
from prismd.api.authentication.within_scopes import within_scopes
from prismd.api.document.docs_page import get_document, get_page, get_page_file
from prismd.api.grants.handlers import GRANTS
from prismd.api.http.encoded_text import readable_query
from prismd.api.http.known_parameters import known_parameters
from prismd.api.imports.control import cancel_import, retry_import
from prismd.api.imports.events import get_events
from prismd.api.imports.handlers import get_import, list_imports, start_import
from prismd.api.imports.results import get_results
from prismd.api.lists.handlers import LISTS
from prismd.api.monitoring.health import get_health, get_liveness
from prismd.api.properties.handlers import PROPERTIES
from prismd.api.queries.handlers import QUERIES
from prismd.api.realtime.handlers import create_ticket
from prismd.api.records.batches import RECORD_BATCHES
from prismd.api.records.find_or_create import FIND_OR_CREATE
from prismd.api.records.preconditions import without_version
from prismd.api.records.reading import RECORD_READS
from prismd.api.records.writes import RECORD_WRITES
from prismd.api.views.handlers import VIEWS
from prismd.api.views.records import RECORDS_OF_VIEWS
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
        *RECORD_READS,
        *RECORD_WRITES,
        *RECORD_BATCHES,
        *FIND_OR_CREATE,
        *PROPERTIES,
        *QUERIES,
        *LISTS,
        *GRANTS,
        *VIEWS,
        *RECORDS_OF_VIEWS,
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
