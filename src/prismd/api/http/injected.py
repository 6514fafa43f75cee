"""Arguments that the framework injects into handlers, such as ``session: SessionIn``."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody, SkipValidation

from prismd.services.session import Session

#: The session: the authenticated caller, the team, clock, ids and settings. Only routes that check the key have one.
SessionIn = NamedDependency[SkipValidation[Session]]
#: A part of the path, percent-encoded as it arrived.
PathPart = FromPath[str]
#: The request body, byte for byte. It is read only after the key, scopes and parameters were found good.
BodyBytes = RawBody
