"""What each operation of the API takes and answers; the document at ``/openapi.json`` is written from this table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from prismd.api.results import CSV, NDJSON
from prismd.api.shapes import Health, ImportBody, ImportJob, JobPage, Record, ResultPage, Total
from prismd.core.imports.job import State
from prismd.core.imports.report import OUTCOMES
from prismd.core.schema import IMPORTABLE_TYPES, OBJECT_TYPES

_TEXT: Final = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation.

    Args:
        name: As it is written.
        place: ``path``, ``query`` or ``header``.
        meaning: One sentence.
        schema: Its JSON Schema.
    """

    name: str
    place: str
    meaning: str
    schema: Mapping[str, Any] = field(default_factory=lambda: _TEXT)

    @classmethod
    def in_path(cls, name: str) -> Self:
        """Return the parameter that stands in paths under a name."""
        return cls(name, "path", _IN_PATH[name])


@dataclass(frozen=True, slots=True)
class Reply:
    """A success of an operation.

    Args:
        status: The HTTP status.
        meaning: When it is given.
        shape: Type of the JSON body; None where there is none.
        headers: What each header says, by name.
        texts: Further media types in which the body can be asked for.
    """

    status: int
    meaning: str
    shape: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of the API.

    Args:
        name: Its ``operationId``.
        method: The HTTP method.
        path: With parameters in braces.
        tag: The group that it is shown in.
        summary: What it does, in a few words.
        description: What else there is to know.
        parameters: Of query and headers; those of the path follow from the path.
        body: Type of the JSON body; None where there is none.
        object_types: What ``objectType`` in the path may be.
        replies: Its successes.
        errors: Codes of its own, beside those that any operation can answer.
    """

    name: str
    method: str
    path: str
    tag: str
    summary: str
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    object_types: tuple[str, ...] = OBJECT_TYPES
    replies: tuple[Reply, ...]
    errors: tuple[str, ...] = ()

    def all_parameters(self) -> tuple[Parameter, ...]:
        """Return the parameters of path, query and headers."""
        in_path = [Parameter.in_path(name) for name in re.findall(r"{(\w+)}", self.path)]
        enum = {"type": "string", "enum": list(self.object_types)}
        in_path = [replace(one, schema=enum) if one.name == "objectType" else one for one in in_path]
        return (*in_path, *self.parameters)

    def all_errors(self) -> tuple[str, ...]:
        """Return the codes of all errors that the operation can answer."""
        if not self.path.startswith("/v2/"):
            return (*self.errors, "internal_error")
        keyed = _KEYED_ERRORS if IDEMPOTENCY_KEY in self.parameters else ()
        large = ("payload_too_large",) if self.body is not None else ()
        return tuple(dict.fromkeys((*_ANY_ERRORS, *self.errors, *keyed, *large)))


_ANY_ERRORS: Final = (
    "invalid_request", "unauthorized", "forbidden", "rate_limited", "internal_error", "service_unavailable",
)  # fmt: skip
_KEYED_ERRORS: Final = ("idempotency_key_mismatch", "idempotency_key_stale", "idempotency_key_in_progress")

_IN_PATH: Final[Mapping[str, str]] = {
    "teamId": "The team.",
    "objectType": "Type of the records.",
    "jobId": "Id of an import job.",
    "recordId": "Id of a record.",
    "slug": "Slug of a property by which records can be told apart.",
    "value": "The value sought, percent-encoded.",
    "propertyId": "Id of a property.",
    "optionId": "Id of an option.",
}

IDEMPOTENCY_KEY: Final = Parameter(
    "Idempotency-Key",
    "header",
    "1 to 255 characters; the same request under the same key is done once, for 24 hours.",
    {"type": "string", "minLength": 1, "maxLength": 255},
)
_CURSOR: Final = Parameter("cursor", "query", "`next_cursor` of the page before; it brings limit and filters along.")
_LIMIT: Final = Parameter(
    "limit", "query", "Entries of a page; cut at the server's own limit.", {"type": "integer", "minimum": 1}
)

_REPLAY: Final = {"idempotent-replay": "`true` where this is the answer to an earlier request under the same key."}
_RETRY_AFTER: Final = {"retry-after": "Seconds after which to ask again; while the import is processed."}
_ETAG: Final = {"etag": "Version of the record."}

_TEAM: Final = "/v2/prism/{teamId}"
_RECORDS: Final = f"{_TEAM}/{{objectType}}"


def _filter(name: str, meaning: str, words: tuple[str, ...]) -> Parameter:
    return Parameter(name, "query", meaning, {"type": "string", "enum": list(words)})


_IMPORTS: Final = (
    Operation(
        name="startImport",
        method="POST",
        path=f"{_TEAM}/{{objectType}}/import",
        tag="Imports",
        summary="Import records",
        description=(
            "Every row gets a verdict. Fewer than 100 rows are done before the answer, with 200 and their results; "
            "100 or more become a job, with 202. A malformed row is that row's error and spares the rest."
        ),
        parameters=(IDEMPOTENCY_KEY,),
        body=ImportBody,
        object_types=IMPORTABLE_TYPES,
        replies=(
            Reply(200, "The rows are done; `job_id` is null.", ImportJob, _REPLAY),
            Reply(
                202,
                "The rows are safe and will be done.",
                ImportJob,
                {"location": "The job.", **_RETRY_AFTER, **_REPLAY},
            ),
        ),
        errors=("method_not_allowed",),
    ),
    Operation(
        name="listImports",
        method="GET",
        path=f"{_TEAM}/imports",
        tag="Imports",
        summary="List import jobs, newest first",
        parameters=(
            _CURSOR,
            _LIMIT,
            _filter("state", "Only jobs in this state.", tuple(state.value for state in State)),
            _filter("object_type", "Only jobs of this type.", IMPORTABLE_TYPES),
        ),
        replies=(Reply(200, "A page of jobs, without results.", JobPage),),
    ),
    Operation(
        name="getImport",
        method="GET",
        path=f"{_TEAM}/imports/{{jobId}}",
        tag="Imports",
        summary="Look after an import job",
        description="Jobs are kept for 7 days. Small imports have none: their answer held everything.",
        replies=(Reply(200, "The job; with `results` once it has come to an end.", ImportJob, _RETRY_AFTER),),
        errors=("not_found",),
    ),
    Operation(
        name="getImportResults",
        method="GET",
        path=f"{_TEAM}/imports/{{jobId}}/results",
        tag="Imports",
        summary="Read the verdicts of an import job",
        description=(
            "While the job runs and after, in input order. `Accept: application/x-ndjson` and `text/csv` give all that "
            "there are at once, or, with `limit`, a page whose header `x-next-cursor` leads to the next."
        ),
        parameters=(_CURSOR, _LIMIT, _filter("outcome", "Only rows that came to this end.", OUTCOMES)),
        replies=(
            Reply(
                200,
                "Verdicts.",
                ResultPage,
                {**_RETRY_AFTER, "x-next-cursor": "Cursor of the next page, for NDJSON and CSV."},
                (NDJSON, CSV),
            ),
        ),
        errors=("not_found",),
    ),
)

_RECORD_READS: Final = (
    Operation(
        name="getRecord",
        method="GET",
        path=f"{_RECORDS}/{{recordId}}",
        tag="Records",
        summary="Read a record",
        parameters=(Parameter("select", "query", "Slugs of the properties wanted, with commas; all where absent."),),
        replies=(Reply(200, "The record.", Record, _ETAG),),
        errors=("not_found", "method_not_allowed"),
    ),
    Operation(
        name="countRecords",
        method="GET",
        path=f"{_RECORDS}/count",
        tag="Records",
        summary="Count records",
        replies=(Reply(200, "How many there are, without deleted ones.", Total),),
        errors=("method_not_allowed",),
    ),
    Operation(
        name="findRecord",
        method="GET",
        path=f"{_RECORDS}/by/{{slug}}/{{value}}",
        tag="Records",
        summary="Find the one record that has a value",
        description="Compared as imports compare keys: without regard to case and outer spaces.",
        replies=(Reply(200, "The record.", Record, _ETAG),),
        errors=("not_found", "multiple_matches", "method_not_allowed"),
    ),
)

_SERVER: Final = (
    Operation(
        name="getHealth",
        method="GET",
        path="/healthz",
        tag="Server",
        summary="Ask whether the server is ready",
        replies=(Reply(200, "It is.", Health),),
        errors=("service_unavailable",),
    ),
)

OPERATIONS: Final[tuple[Operation, ...]] = (*_IMPORTS, *_RECORD_READS, *_SERVER)
