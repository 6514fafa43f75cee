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


class ImportResult(Struct, frozen=True, kw_only=True):
    """The result of one row of an import."""

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


class JobError(Struct, frozen=True, kw_only=True):
    """Why a whole import broke."""

    code: str
    message: str


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
    dry_run: bool
    parent_job_id: str | None
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


class ObjectProperties(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row: values by property slug."""

    default: dict[str, Any] | UnsetType = UNSET
    list: (
        Annotated[
            dict[str, Any],
            Meta(description="Values of lists, by list id and slug; by slug alone where the request names the list."),
        ]
        | UnsetType
    ) = UNSET
    extended: dict[str, Any] | UnsetType = UNSET


class ImportOptionsBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of an import."""

    dedupe_by: (
        Annotated[
            str | Annotated[list[str], Meta(min_length=1, max_length=1)],
            Meta(description="Slug of the property whose value decides that a row is a record that exists already."),
        ]
        | None
    ) = None
    caseInsensitive: Annotated[bool | None, Meta(description="Compare keys without regard to case.")] = True  # noqa: N815 - the contract's name
    update_existing: Annotated[bool | None, Meta(description="Write the row's values into the matched record.")] = None
    create_missing_options: Annotated[bool | None, Meta(description="Unknown select values become options.")] = None
    dry_run: Annotated[bool | None, Meta(description="Judge every row, write nothing.")] = None
    on_match: (
        Annotated[
            Literal["skip", "update", "fill"],
            Meta(description="What happens to a matched record; `fill` writes only where it has no value."),
        ]
        | None
    ) = None
    require_key: Annotated[bool | None, Meta(description="A row without a key value is an error.")] = None
    list_id: Annotated[
        str | None, Meta(description="A list that every row is put into; its slugs come first, also in `dedupe_by`.")
    ] = None
    crm_id: Annotated[str | None, Meta(description="Old name of `list_id`.")] = None
    require_list_stage: Annotated[
        bool | None, Meta(description="A row without its stage in the list, `app_stage` or `status`, is an error.")
    ] = None


class ImportBody(Struct, frozen=True, kw_only=True):
    """The body of an import request; unknown members are ignored."""

    objects: list[ObjectProperties]
    options: ImportOptionsBody | None = None


class CorrectedRow(ObjectProperties, frozen=True, kw_only=True):
    """A row that replaces a failed one."""

    input_index: Annotated[int, Meta(ge=0, description="Which row of the first import it replaces.")]


class RetryBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a retry, which may be left out."""

    objects: Annotated[list[CorrectedRow], Meta(description="Failed rows as they should have been.")] | UnsetType = (
        UNSET
    )
    not_attempted: Annotated[bool, Meta(description="Run the rows that were never attempted too.")] = False


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


class QueryMembers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query on the records of a type."""

    select: Annotated[list[str], Meta(description="Slugs of the properties to show; dots follow references.")]
    filter: Annotated[
        list[dict[str, dict[str, Any]]] | None,
        Meta(description='Entries `{slug: {operator: value}}`, such as `{"email": {"=": "ada@example.com"}}`.'),
    ] = None
    sort: Annotated[
        list[dict[str, Literal["asc", "desc"]]] | None,
        Meta(description="Entries `{slug: direction}`, the most important first; records without a value come last."),
    ] = None
    combinator: Annotated[Literal["AND", "OR"] | None, Meta(description="How entries of the filter go together.")] = (
        None
    )
    list_id: Annotated[str | None, Meta(description="Only members of this list, with its own properties.")] = None
    crm_id: Annotated[str | None, Meta(description="Old name of `list_id`.")] = None
    cursor: Annotated[str | None, Meta(description="`next_cursor` of the page before.")] = None
    limit: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="Rows of a page, 25 where absent; more than 50 is 400.")
    ] = None
    page: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="Deprecated: the number of the page, from 1.")
    ] = None


class QueryBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a query."""

    query: QueryMembers
    id: Annotated[str | list[str] | None, Meta(description="Only these records.")] = None
    deleted: Annotated[bool | Literal["only"] | None, Meta(description="Deleted records too, or those alone.")] = None
    cursor: Annotated[str | None, Meta(description="As `query.cursor`, which wins.")] = None
    include_total: Annotated[bool | None, Meta(description="Count all that the query wants.")] = None
    boxes: Annotated[list[str] | None, Meta(description="Accepted and ignored.")] = None
    sources: Annotated[list[str] | None, Meta(description="Accepted and ignored.")] = None


class Total(Struct, frozen=True, kw_only=True):
    """The number of records."""

    total: Count


class Health(Struct, frozen=True, kw_only=True):
    """All is well with what was asked for."""

    status: Literal["ok"] = "ok"
