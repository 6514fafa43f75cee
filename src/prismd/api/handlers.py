"""All handlers of operations, in the order in which the document shows them."""

from __future__ import annotations

from typing import Final

from prismd.api.audit.handlers import get_audit
from prismd.api.exports.handlers import export_records
from prismd.api.files.handlers import FILES
from prismd.api.files.uploads import upload_file
from prismd.api.grants.handlers import GRANTS
from prismd.api.imports.control import cancel_import, decide_import, retry_import
from prismd.api.imports.events import get_events
from prismd.api.imports.failed_rows import get_failed_rows
from prismd.api.imports.handlers import get_import, list_imports, start_import
from prismd.api.imports.problems import get_problems
from prismd.api.imports.results import get_results
from prismd.api.imports.undo import undo_import
from prismd.api.lists.handlers import LISTS
from prismd.api.mappings.handlers import MAPPINGS
from prismd.api.monitoring.health import get_health, get_liveness
from prismd.api.properties.handlers import PROPERTIES, validate_values
from prismd.api.properties.options import OPTIONS
from prismd.api.queries.handlers import QUERIES
from prismd.api.realtime.handlers import create_ticket
from prismd.api.records.batches import RECORD_BATCHES
from prismd.api.records.find_or_create import find_or_create
from prismd.api.records.reading import RECORD_READS
from prismd.api.records.writes import RECORD_WRITES
from prismd.api.views.handlers import VIEWS
from prismd.api.views.records import RECORDS_OF_VIEWS

#: Handlers of imports, whose bodies hold rows and can be large.
OF_ROWS: Final = (start_import, retry_import)
#: Handlers that read their bodies piece by piece, and bound them themselves.
STREAMED: Final = (upload_file,)

HANDLERS: Final = (
    start_import,
    list_imports,
    get_import,
    get_results,
    get_problems,
    get_failed_rows,
    get_events,
    cancel_import,
    retry_import,
    decide_import,
    *STREAMED,
    *FILES,
    undo_import,
    *RECORD_READS,
    *RECORD_WRITES,
    *RECORD_BATCHES,
    find_or_create,
    *QUERIES,
    export_records,
    *PROPERTIES,
    *OPTIONS,
    validate_values,
    *LISTS,
    *GRANTS,
    *MAPPINGS,
    *VIEWS,
    *RECORDS_OF_VIEWS,
    create_ticket,
    get_audit,
    get_health,
    get_liveness,
)
