"""Grants over HTTP: reading and replacing the rights on a record (contract, section 12)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import IDEMPOTENCY_KEY, RECORDS, REPLAY, Operation, Reply
from prismd.api.grants.shapes import GrantBody, RecordGrant, shown_grant
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import read_body
from prismd.api.http.paths import id_in_path, object_type_in_path
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.grants import GRANTED_TYPES, Grant, parse_grant
from prismd.core.json.text import encode
from prismd.services import grants
from prismd.services.idempotency.claims import Answer
from prismd.services.records.deleted import NamedRecord
from prismd.services.session import Transaction

_GRANT: Final = f"{RECORDS}/{{recordId}}/grant"
_ERRORS: Final = ("not_found", "method_not_allowed")


@handles(
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
    )
)
def get_grant(object_type: PathPart, record_id: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer the grant of a record."""
    kind, wanted = _granted_type(object_type), id_in_path(record_id)
    return respond(_answer(session.do(grants.get_grant, kind, wanted)))


@handles(
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
    )
)
def put_grant(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Replace the grant of a record."""
    kind, wanted = _granted_type(object_type), id_in_path(record_id)

    def work(transaction: Transaction) -> Answer:
        sent = read_body(body, GrantBody)
        members = {name: getattr(sent, name) for name in sent.__struct_fields__}
        grant = parse_grant(members, ids_max=session.settings.grant_ids_max)
        grants.put_grant(transaction, NamedRecord(kind, wanted), grant)
        return _answer(grant)

    return write_once(request, session, body, work)


GRANTS: Final = (get_grant, put_grant)


def _granted_type(part: str) -> str:
    object_type = object_type_in_path(part)
    if object_type not in GRANTED_TYPES:
        known = ", ".join(GRANTED_TYPES)
        raise PrismdError("method_not_allowed", f'Records of type "{object_type}" have no grants (have: {known})')
    return object_type


def _answer(grant: Grant) -> Answer:
    return Answer(200, encode(shown_grant(grant)), {})
