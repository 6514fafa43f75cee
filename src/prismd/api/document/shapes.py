"""Every public shape of the API, apart from those of properties (contract, sections 3, 8, 9 and 10)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Count = Annotated[int, Meta(ge=0)]
#: A date-time in UTC, with ``Z``.
Moment = Annotated[datetime, Meta(tz=True)]


class FieldError(Struct, frozen=True, kw_only=True):
    """One thing wrong with one field of a request."""

    field: Annotated[str, Meta(description="Where, as a path such as `.body.options.dedupe_by`.")]
    message: Annotated[str, Meta(description="What was expected, what was found, what to do.")]
    code: Annotated[str, Meta(description="For machines, such as `type.openapi.validation`.")]


class ErrorBody(Struct, frozen=True, kw_only=True):
    """Why a request was not served."""

    code: Annotated[str, Meta(description="Stable, for machines; docs/errors.md lists them all.")]
    message: Annotated[str, Meta(description="A sentence for people; it may change.")]
    request_id: Annotated[str, Meta(description="Equals the `x-request-id` header.")]
    errors: Annotated[list[FieldError], Meta(description="The fields at fault.")] | UnsetType = UNSET
    details: (
        Annotated[dict[str, str], Meta(description="What a program needs to go on: of a taken name, who has it.")]
        | UnsetType
    ) = UNSET


class ErrorEnvelope(Struct, frozen=True, kw_only=True):
    """The body of every answer that is not a success."""

    error: ErrorBody


class RowProblem(Struct, frozen=True, kw_only=True):
    """Why a row failed."""

    code: str
    message: str


class PropertyProblem(RowProblem, frozen=True, kw_only=True):
    """One problem of a row."""

    property: Annotated[str | None, Meta(description="Slug of the property at fault, where it is one's fault.")] = None


class CreatedContact(Struct, frozen=True, kw_only=True):
    """A contact that a row made by naming its address."""

    id: Annotated[str | None, Meta(description="Null in a dry run, which makes none.")]
    email: Annotated[str, Meta(description="The address, without white space at its ends.")]


class CreatedReference(Struct, frozen=True, kw_only=True):
    """A record that a row made for a reference by key."""

    property: Annotated[str, Meta(description="The property that refers to the record.")]
    object_type: str
    id: Annotated[str | None, Meta(description="Null in a dry run, which makes none.")]
    key: Annotated[dict[str, Any], Meta(description="The reference, as the row gives it.")]


class ChangedBy(Struct, frozen=True, kw_only=True):
    """Who changed a record, and when."""

    change_set_id: Annotated[str, Meta(description="What the change is part of; for an import or undo, its job.")]
    kind: Literal["import", "undo", "write", "delete", "restore"]
    at: Moment
    key_id: Annotated[str | None, Meta(description="The API key; null for the server and its operator.")]


class Referrer(Struct, frozen=True, kw_only=True):
    """A record that refers to another."""

    object_type: str
    id: str


class KeptValue(Struct, frozen=True, kw_only=True):
    """Something that an undo left as it was."""

    property: Annotated[str | None, Meta(description="Slug of the property; null where the record itself stays.")]
    list_id: Annotated[str, Meta(description="The list that has the property.")] | UnsetType = UNSET
    reason: Literal["changed", "referred_to", "key_taken"]
    changed_by: Annotated[ChangedBy, Meta(description="The last change of it, as far as known.")] | UnsetType = UNSET
    referred_to_by: Annotated[Referrer, Meta(description="One of the records that refer to it.")] | UnsetType = UNSET
    message: str | UnsetType = UNSET


class ImportResult(Struct, frozen=True, kw_only=True):
    """The result of one row of an import, or of one record of an undo."""

    input_index: Annotated[int, Meta(ge=0, description="Position of the row in the request, from 0.")]
    id: Annotated[str | None, Meta(description="The record created or matched; null where there is none.")]
    created: bool
    existing: Annotated[bool, Meta(description="The row matched a record through the de-duplication key.")]
    updated: Annotated[bool, Meta(description="The matched record really changed.")]
    error: RowProblem | UnsetType = UNSET
    errors: Annotated[list[PropertyProblem], Meta(description="All problems of the row.")] | UnsetType = UNSET
    duplicate_of: (
        Annotated[int, Meta(ge=0, description="The earlier row of this import with the same key.")] | UnsetType
    ) = UNSET
    parent_input_index: (
        Annotated[int, Meta(ge=0, description="In a retry: the row of the first import that this one runs again.")]
        | UnsetType
    ) = UNSET
    contacts_created: (
        Annotated[list[CreatedContact], Meta(description="Contacts made for addresses that nobody had; never empty.")]
        | UnsetType
    ) = UNSET
    references_created: (
        Annotated[list[CreatedReference], Meta(description="Records made for references by key; never empty.")]
        | UnsetType
    ) = UNSET
    warnings: (
        Annotated[
            list[PropertyProblem], Meta(description="What the row says and the record does not have; never empty.")
        ]
        | UnsetType
    ) = UNSET
    object_type: Annotated[str, Meta(description="In an undo: type of the record.")] | UnsetType = UNSET
    outcome: (
        Annotated[
            Literal["reverted", "partly_reverted", "kept", "gone"],
            Meta(description="In an undo: what became of the record's change."),
        ]
        | UnsetType
    ) = UNSET
    change: (
        Annotated[
            Literal["updated", "deleted", "restored"],
            Meta(description="In an undo: what was done with the record, where anything was."),
        ]
        | UnsetType
    ) = UNSET
    kept: Annotated[list[KeptValue], Meta(description="In an undo: what stayed, and why; never empty.")] | UnsetType = (
        UNSET
    )


class JobError(Struct, frozen=True, kw_only=True):
    """Why a whole import broke."""

    code: str
    message: str


class UndoCounts(Struct, frozen=True, kw_only=True):
    """Records of an undo by outcome; together they are `processed`."""

    undoes: Annotated[str, Meta(description="The import or undo that is taken back.")]
    reverted: Count
    partly_reverted: Count
    kept: Count
    gone: Annotated[int, Meta(ge=0, description="Nothing of the change was left to take back.")]
    failed: Count


class ImportJob(Struct, frozen=True, kw_only=True):
    """The state of an import; all answers about imports have this shape."""

    job_id: Annotated[str | None, Meta(description="Null for an import that was answered at once.")]
    status: Literal["complete", "processing", "failed"]
    total: Annotated[int, Meta(ge=0, description="Rows of the import.")]
    processed: Annotated[int, Meta(ge=0, description="Rows attempted: succeeded + failed.")]
    not_attempted: Annotated[int, Meta(ge=0, description="Rows without a result: total - processed.")]
    succeeded: Count
    failed: Count
    created_at: Moment
    updated_at: Moment
    expires_at: Annotated[Moment | None, Meta(description="When the job is deleted; null where it is not kept.")]
    object_type: str
    state: Literal["queued", "running", "complete", "failed", "cancelled"]
    created: Count
    existing: Count
    updated: Count
    contacts_created: Annotated[int, Meta(ge=0, description="Contacts made for addresses that the rows name.")]
    references_created: Annotated[int, Meta(ge=0, description="Records made for references by key.")]
    references_left_empty: Annotated[
        int, Meta(ge=0, description="References by key left out, as no record has the key.")
    ]
    dry_run: bool
    parent_job_id: str | None
    change_set_id: Annotated[str, Meta(description="By this id an import can be undone, also one without a job.")]
    undo: Annotated[UndoCounts, Meta(description="Only where the job is an undo.")] | UnsetType = UNSET
    error: Annotated[JobError, Meta(description="Only with status failed.")] | UnsetType = UNSET
    results: Annotated[list[ImportResult], Meta(description="Absent while processing.")] | UnsetType = UNSET


class JobPage(Struct, frozen=True, kw_only=True):
    """Import jobs of a team, newest first, without their results."""

    data: list[ImportJob]
    has_more: bool
    next_cursor: str | None


class ResultPage(Struct, frozen=True, kw_only=True):
    """Results of an import, in input order."""

    data: list[ImportResult]
    has_more: Annotated[bool, Meta(description="True also while the import still runs, as more rows will come.")]
    next_cursor: str | None


class ImportProblem(Struct, frozen=True, kw_only=True):
    """Rows of an import that are refused for the same cause."""

    code: str
    property: Annotated[str | None, Meta(description="Slug of the property; null for a problem of the row.")]
    pattern: Annotated[
        str | None,
        Meta(description="The value, where it names an option or a record, or else its form, such as `99.99.9999`."),
    ]
    is_rest: Annotated[bool, Meta(description="Whether these are the rows of many further patterns together.")]
    count: Annotated[int, Meta(ge=1, description="Number of rows.")]
    message: Annotated[str, Meta(description="The message of the first row.")]
    examples: Annotated[list[Any], Meta(description="The first different values.")]
    rows: Annotated[list[int], Meta(description="`input_index` of the first rows.")]


class ProblemPage(Struct, frozen=True, kw_only=True):
    """The problems of an import, that of the most rows first."""

    data: list[ImportProblem]
    has_more: bool
    next_cursor: str | None
    failed: Annotated[int, Meta(ge=0, description="Rows that failed, each counted once.")]
    groups: Annotated[int, Meta(ge=0, description="Groups on all pages.")]


class RecordRow(Struct, frozen=True, kw_only=True):
    """One record of a page."""

    id: str
    properties: Annotated[
        dict[str, Any],
        Meta(description="Selected values by slug; references as `{id, properties}`, select values as option slugs."),
    ]
    deleted_at: Annotated[str, Meta(description="When it was deleted; absent where it is not.")] | UnsetType = UNSET


class RecordPage(Struct, frozen=True, kw_only=True):
    """A page of records."""

    data: list[RecordRow]
    has_more: Annotated[bool, Meta(description="Exact: whether there is at least one record more.")]
    next_cursor: str | None
    total: Annotated[Annotated[int, Meta(ge=0)] | None, Meta(description="Only where it was asked for.")]


class Total(Struct, frozen=True, kw_only=True):
    """The number of records."""

    total: Count


class Health(Struct, frozen=True, kw_only=True):
    """All is well with what was asked for."""

    status: Literal["ok"] = "ok"
