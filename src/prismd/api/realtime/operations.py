"""What the operation of the realtime stream takes and answers (contract, section 15)."""

from __future__ import annotations

from typing import Final

from prismd.api.document.operation import Operation, Reply
from prismd.api.realtime.shapes import RealtimeTicket
from prismd.core.api_keys.scopes import Scope

REALTIME_OPERATIONS: Final = (
    Operation(
        name="createRealtimeTicket",
        method="POST",
        path="/v2/realtime/ticket",
        tag="Realtime",
        scopes=(Scope.READ,),
        summary="Get a ticket for the realtime stream",
        description=(
            "The ticket opens one WebSocket, once and soon: connect to `ws_url` with the ticket as the parameter "
            "`token` of the query. The stream tells of each change of the team's records and imports once it is "
            "committed, as JSON texts whose `type` is `hello`, `records`, `import`, `resync` or `lagged`: "
            '`{"type": "records", "object_type": "contact", "change": "updated", "ids": ["…"]}`. Nothing is '
            "replayed: whoever connects again reads again what matters. docs/realtime.md tells all of it."
        ),
        replies=(Reply(200, "The ticket; it is shown this once.", RealtimeTicket),),
    ),
)
