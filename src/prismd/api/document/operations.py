"""What each operation of the API takes and answers; the document at ``/openapi.json`` is written from this table."""

from __future__ import annotations

from typing import Final

from prismd.api.audit.operations import AUDIT_OPERATIONS
from prismd.api.document.operation import (
    CURSOR,
    IDEMPOTENCY_KEY,
    LIMIT,
    REPLAY,
    RETRY_AFTER,
    TEAM,
    Operation,
    Parameter,
    Reply,
    filter_by,
)
from prismd.api.document.shapes import Health, ImportBody, ImportJob, JobPage, ResultPage, RetryBody
from prismd.api.grants.operations import GRANT_OPERATIONS
from prismd.api.imports.events import EVENT_STREAM, LAST_EVENT_ID
from prismd.api.imports.results import CSV, NDJSON
from prismd.api.lists.operations import LIST_OPERATIONS
from prismd.api.properties.operations import PROPERTY_OPERATIONS
from prismd.api.queries.operations import QUERY_OPERATIONS
from prismd.api.realtime.operations import REALTIME_OPERATIONS
from prismd.api.records.operations import RECORD_OPERATIONS
from prismd.api.views.operations import VIEW_OPERATIONS
from prismd.core.api_keys.scopes import Scope
from prismd.core.imports.job import State
from prismd.core.imports.results import OUTCOMES
from prismd.core.properties.schema import IMPORTABLE_TYPES

_IMPORTS: Final = (
    Operation(
        name="startImport",
        method="POST",
        path=f"{TEAM}/{{objectType}}/import",
        tag="Imports",
        scopes=(Scope.IMPORT,),
        summary="Import records",
        description=(
            "Every row gets a verdict. Fewer than 100 rows are done before the answer, with 200 and their results; "
            "100 or more become a job, with 202. A malformed row is that row's error and spares the rest."
        ),
        parameters=(IDEMPOTENCY_KEY,),
        body=ImportBody,
        object_types=IMPORTABLE_TYPES,
        replies=(
            Reply(200, "The rows are done; `job_id` is null.", ImportJob, REPLAY),
            Reply(
                202,
                "The rows are safe and will be done.",
                ImportJob,
                {"location": "The job.", **RETRY_AFTER, **REPLAY},
            ),
        ),
        errors=("method_not_allowed", "too_many_imports"),
    ),
    Operation(
        name="listImports",
        method="GET",
        path=f"{TEAM}/imports",
        tag="Imports",
        scopes=(Scope.IMPORT, Scope.READ),
        typed_by_job=True,
        summary="List import jobs, newest first",
        parameters=(
            CURSOR,
            LIMIT,
            filter_by("state", "Only jobs in this state.", tuple(state.value for state in State)),
            filter_by("object_type", "Only jobs of this type.", IMPORTABLE_TYPES),
        ),
        replies=(Reply(200, "A page of jobs, without results.", JobPage),),
    ),
    Operation(
        name="getImport",
        method="GET",
        path=f"{TEAM}/imports/{{jobId}}",
        tag="Imports",
        scopes=(Scope.IMPORT, Scope.READ),
        typed_by_job=True,
        summary="Look after an import job",
        description="Jobs are kept for 7 days. Small imports have none: their answer held everything.",
        replies=(Reply(200, "The job; with `results` once it has come to an end.", ImportJob, RETRY_AFTER),),
        errors=("not_found",),
    ),
    Operation(
        name="getImportResults",
        method="GET",
        path=f"{TEAM}/imports/{{jobId}}/results",
        tag="Imports",
        scopes=(Scope.IMPORT, Scope.READ),
        typed_by_job=True,
        summary="Read the verdicts of an import job",
        description=(
            "While the job runs and after, in input order. `Accept: application/x-ndjson` and `text/csv` give all that "
            "there are at once, or, with `limit`, a page whose header `x-next-cursor` leads to the next."
        ),
        parameters=(CURSOR, LIMIT, filter_by("outcome", "Only rows that came to this end.", OUTCOMES)),
        replies=(
            Reply(
                200,
                "Verdicts.",
                ResultPage,
                {**RETRY_AFTER, "x-next-cursor": "Cursor of the next page, for NDJSON and CSV."},
                (NDJSON, CSV),
            ),
        ),
        errors=("not_found",),
    ),
    Operation(
        name="watchImport",
        method="GET",
        path=f"{TEAM}/imports/{{jobId}}/events",
        tag="Imports",
        scopes=(Scope.IMPORT, Scope.READ),
        typed_by_job=True,
        summary="Watch an import job",
        description=(
            "Server-sent events. `progress` after each chunk, with the job as its data and the number of chunks done "
            "as its id; all that were missed come first. `end` with the job at its end; then the stream closes. "
            "Comments keep a silent stream alive."
        ),
        parameters=(
            Parameter(
                LAST_EVENT_ID, "header", "Id of the last event that was seen; without it, events begin with the first."
            ),
        ),
        replies=(
            Reply(200, "Events, until the job has come to its end.", texts=(EVENT_STREAM,)),
            Reply(204, "All events were seen, the one of the end as well."),
        ),
        errors=("not_found", "too_many_event_streams"),
    ),
    Operation(
        name="cancelImport",
        method="POST",
        path=f"{TEAM}/imports/{{jobId}}/cancel",
        tag="Imports",
        scopes=(Scope.IMPORT,),
        typed_by_job=True,
        summary="Cancel an import job",
        description=(
            "Stops after the chunk under way. Rows done stay done and keep their verdicts; `not_attempted` counts "
            "those that have none. `state` is `cancelled`, `status` `failed`, `error.code` `cancelled`."
        ),
        parameters=(IDEMPOTENCY_KEY,),
        replies=(Reply(200, "The job, which has stopped.", ImportJob, REPLAY),),
        errors=("not_found", "import_ended"),
    ),
    Operation(
        name="retryImport",
        method="POST",
        path=f"{TEAM}/imports/{{jobId}}/retry",
        tag="Imports",
        scopes=(Scope.IMPORT,),
        typed_by_job=True,
        summary="Run the failed rows of an import job again",
        description=(
            "As an import of its own, with the same options, whose `parent_job_id` is this job; `parent_input_index` "
            "of its results tells which rows they are. Without a body the rows run as they were sent."
        ),
        parameters=(IDEMPOTENCY_KEY,),
        body=RetryBody,
        body_required=False,
        replies=(
            Reply(200, "The rows are done; `job_id` is null.", ImportJob, REPLAY),
            Reply(
                202,
                "The rows are safe and will be done.",
                ImportJob,
                {"location": "The new job.", **RETRY_AFTER, **REPLAY},
            ),
        ),
        errors=("not_found", "import_not_ended", "nothing_to_retry", "too_many_imports"),
    ),
)

_SERVER: Final = (
    Operation(
        name="getHealth",
        method="GET",
        path="/healthz",
        tag="Server",
        summary="Ask whether the server is ready",
        description=(
            "Ready means that the database answers, that a worker lives, and that the queue of imports moves; where "
            "one does not, `error.message` tells which. The answer comes within the setting `database_wait_s`."
        ),
        replies=(Reply(200, "It is.", Health),),
        errors=("service_unavailable",),
    ),
    Operation(
        name="getLiveness",
        method="GET",
        path="/healthz/live",
        tag="Server",
        summary="Ask whether the server lives, be the database there or not",
        replies=(Reply(200, "It does.", Health),),
    ),
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    *_IMPORTS,
    *RECORD_OPERATIONS,
    *QUERY_OPERATIONS,
    *PROPERTY_OPERATIONS,
    *LIST_OPERATIONS,
    *GRANT_OPERATIONS,
    *VIEW_OPERATIONS,
    *REALTIME_OPERATIONS,
    *AUDIT_OPERATIONS,
    *_SERVER,
)
