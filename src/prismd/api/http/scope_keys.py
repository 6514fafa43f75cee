"""Keys that prismd adds to the ASGI scope of a request, and to the state of the server's lifespan."""

from __future__ import annotations

from typing import Final

#: The id of a request.
REQUEST_ID: Final = "prismd_request_id"
#: Present if the HTTP server sends only the head of the answer.
HEAD_ONLY: Final = "prismd_head_only"
#: Address of the connection's other end; headers do not change it.
PEER: Final = "prismd_peer"
#: Whether the path names no team, so that the team of the key is meant.
OWN_TEAM: Final = "prismd_own_team"
#: In the lifespan state: a callback for when the server begins to stop. It ends requests that would not end by
#: themselves, and can be called more than once.
ON_STOP: Final = "prismd_on_stop"
#: In the lifespan state: a callback for a refusal of bytes that never became a request.
ON_REFUSED: Final = "prismd_on_refused"
#: In the lifespan state: the limits that all connections share.
CONNECTION_LIMITS: Final = "prismd_connection_limits"
