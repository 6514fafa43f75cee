"""What the operation of the audit takes and answers; it is prismd's own."""

from __future__ import annotations

from typing import Final

from prismd.api.audit.handlers import ACTIONS
from prismd.api.audit.shapes import AuditLines
from prismd.api.document.operation import LIMIT, TEAM, Operation, Parameter, Reply, filter_by
from prismd.core.api_keys.scopes import Scope

_MOMENT: Final = {"type": "string", "format": "date-time"}
_ID: Final = {"type": "string", "format": "uuid"}

AUDIT_OPERATIONS: Final = (
    Operation(
        name="listAudit",
        method="GET",
        path=f"{TEAM}/audit",
        tag="Audit",
        scopes=(Scope.ADMIN,),
        summary="List who did what to what, newest first",
        description=(
            "prismd's own. An entry is written in the transaction of what was done, and never changed. docs/audit.md "
            "tells what is in it."
        ),
        parameters=(
            Parameter("cursor", "query", "`next_cursor` of the page before, beside the same filters."),
            LIMIT,
            Parameter("since", "query", "Done then or later; a day means its beginning in UTC.", _MOMENT),
            Parameter("until", "query", "Done before then.", _MOMENT),
            filter_by("action", "What was done.", ACTIONS),
            Parameter("object_id", "query", "To this record, import, property, option, list, view or key.", _ID),
            Parameter("key_id", "query", "By this key.", _ID),
        ),
        replies=(Reply(200, "A page of the audit.", AuditLines),),
        errors=("query_timeout",),
    ),
)
