"""What prismd keeps beside ASGI's own in the scope of a request, and in the state of the server's life."""

from __future__ import annotations

from typing import Final

#: The id of a request.
REQUEST_ID: Final = "prismd_request_id"
#: There where the HTTP server sends the head of the answer alone.
HEAD_ONLY: Final = "prismd_head_only"
#: The other end of the connection, whatever the headers say.
PEER: Final = "prismd_peer"
#: Whether the path names no team, so that the key's own is meant.
OWN_TEAM: Final = "prismd_own_team"
#: In the state of the server's life: what to call, maybe repeatedly, when it begins to end; it ends requests that would
#: not end by themselves.
ON_STOP: Final = "prismd_on_stop"
#: In the same: what to call with the error and the other end where something never became a request.
ON_REFUSED: Final = "prismd_on_refused"
#: In the same: what all connections share.
CONNECTION_LIMITS: Final = "prismd_connection_limits"
