"""What the operations on grants take and answer (contract, section 12)."""

from __future__ import annotations

from typing import Final

from prismd.api.document.operation import IDEMPOTENCY_KEY, RECORDS, REPLAY, Operation, Reply
from prismd.api.grants.shapes import GrantBody, RecordGrant
from prismd.core.api_keys.scopes import Scope
from prismd.core.grants import GRANTED_TYPES

_GRANT: Final = f"{RECORDS}/{{recordId}}/grant"
_ERRORS: Final = ("not_found", "method_not_allowed")

GRANT_OPERATIONS: Final = (
    Operation(
        name="getGrant",
        method="GET",
        path=_GRANT,
        tag="Grants",
        scopes=(Scope.READ,),
        summary="Read who may do what with a record",
        description="Until a grant is put, the whole team has all.",
        object_types=GRANTED_TYPES,
        replies=(Reply(200, "The grant.", RecordGrant),),
        errors=_ERRORS,
    ),
    Operation(
        name="putGrant",
        method="PUT",
        path=_GRANT,
        tag="Grants",
        scopes=(Scope.ADMIN,),
        summary="Put who may do what with a record",
        description=(
            "In place of what was put before. prismd keeps it and gives it back, and acts on none of it: what a key "
            "may do, its scopes say."
        ),
        parameters=(IDEMPOTENCY_KEY,),
        body=GrantBody,
        object_types=GRANTED_TYPES,
        replies=(Reply(200, "The grant as it is now.", RecordGrant, REPLAY),),
        errors=_ERRORS,
    ),
)
