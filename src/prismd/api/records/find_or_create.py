"""Find-or-create over HTTP: the person with an address, the company with a domain (contract, section 16.4)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import IDEMPOTENCY_KEY, RECORDS, Operation, Reply
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.paths import object_type_in_path
from prismd.api.records.parameters import ANSWERED, CONDITIONS
from prismd.api.records.preconditions import preconditions
from prismd.api.records.shapes import FoundOrCreated, shown_record
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.core.records.bodies import FindOrCreateBody
from prismd.core.records.lookups import read_lookup
from prismd.core.records.preconditions import etag
from prismd.services.idempotency.claims import Answer
from prismd.services.records.find_or_create import find_or_create_identity, find_or_create_organization
from prismd.services.session import Transaction

#: The member that finds a record of each type, and the use case.
_FINDERS: Final = {
    "identity": ("email_address", find_or_create_identity),
    "organization": ("primary_domain", find_or_create_organization),
}


@handles(
    Operation(
        name="findOrCreateRecord",
        method="POST",
        path=f"{RECORDS}/find-or-create",
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Find the person of an address or the company of a domain, or make it",
        description=(
            "An identity is found through a contact with the address; where no contact has it, that is made too. "
            "A record that is found stays as it is."
        ),
        parameters=(*CONDITIONS, IDEMPOTENCY_KEY),
        body=FindOrCreateBody,
        object_types=("identity", "organization"),
        replies=(
            Reply(200, "It was found.", FoundOrCreated, ANSWERED),
            Reply(201, "It was made.", FoundOrCreated, ANSWERED),
        ),
        errors=("multiple_matches", "method_not_allowed", "precondition_failed"),
    )
)
def find_or_create(
    *, request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Answer the matching record; if none matches, make one."""
    kind = object_type_in_path(object_type)
    if kind not in _FINDERS:
        message = f'Records of type "{kind}" have no find-or-create (have: {", ".join(_FINDERS)}); upsert one instead'
        raise PrismdError("method_not_allowed", message)
    (name, find), conditions = _FINDERS[kind], preconditions(request)

    def work(transaction: Transaction) -> Answer:
        value, defaults = read_lookup(body, name, session.settings.text_chars_max)
        view, created = find(transaction, value, defaults)
        # If the check fails, the new record is rolled back.
        conditions.check(None if created else view.version)
        answer = FoundOrCreated(created=created, record=shown_record(view))
        return Answer(201 if created else 200, encode(answer), {"etag": etag(view.version)})

    return write_once(request, session, body, work)
