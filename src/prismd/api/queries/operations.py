"""What the operations that query records take and answer (contract, sections 8, 9.3, 9.4 and 11.3)."""

from __future__ import annotations

from typing import Final

from prismd.api.document.operation import CURSOR, DELETED, LIMIT, RECORDS, Operation, Parameter, Reply, filter_by
from prismd.api.document.shapes import QueryBody, RecordPage
from prismd.core.api_keys.scopes import Scope

_PAGE: Final = Reply(200, "A page of records.", RecordPage)
_ERRORS: Final = ("not_found", "method_not_allowed", "query_timeout")

QUERY_OPERATIONS: Final = (
    Operation(
        name="listRecords",
        method="GET",
        path=RECORDS,
        tag="Records",
        scopes=(Scope.READ,),
        summary="List records",
        description=(
            "In the order in which they were made, unless `sort` says otherwise. Any further parameter is the slug of "
            "a property, dots following references, and filters by equality; several values with commas mean any of "
            "them: `?email=ada@example.com,bob@example.com`. White space counts. A value that has commas stands in "
            'double quotes: `?full_name="Doe, Jane"`.'
        ),
        parameters=(
            Parameter("select", "query", "Slugs of the properties to show, with commas; all where absent."),
            Parameter("sort", "query", "Slugs with commas; `-` before one sorts the greatest first."),
            LIMIT,
            CURSOR,
            Parameter("list_id", "query", "Only members of this list, with its own properties."),
            DELETED,
            filter_by("include_total", "`true` counts all that there are.", ("true", "false")),
        ),
        any_parameter=True,
        replies=(_PAGE,),
        errors=_ERRORS,
    ),
    Operation(
        name="queryRecords",
        method="POST",
        path=f"{RECORDS}/query",
        tag="Records",
        scopes=(Scope.READ,),
        summary="Query records",
        description=(
            "docs/queries.md tells what every operator means for every type of property. The old path "
            "`/v2/prism/query/{teamId}/{objectType}` means the same."
        ),
        body=QueryBody,
        replies=(_PAGE,),
        errors=_ERRORS,
    ),
)
