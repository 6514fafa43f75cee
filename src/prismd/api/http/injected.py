"""What handlers get passed besides what the client sent: ``session: SessionIn``."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody, SkipValidation

from prismd.services.session import Session

#: Who is calling, for which team, with clock, ids and settings; only behind the check of keys.
SessionIn = NamedDependency[SkipValidation[Session]]
#: A part of the path, percent-encoded as it arrived.
PathPart = FromPath[str]
#: The request body, byte for byte; read only when everything before it was in order.
BodyBytes = RawBody
