"""What handlers get passed besides what the client sent: ``caller: CallerIn`` and ``runtime: RuntimeIn``."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import FromPath, RawBody, SkipValidation

from prismd.services.api_keys.authentication import Caller
from prismd.services.runtime import Runtime

#: Who is calling; only behind the check of keys.
CallerIn = NamedDependency[SkipValidation[Caller]]
#: Connections, settings, time and ids.
RuntimeIn = NamedDependency[SkipValidation[Runtime]]
#: A part of the path, percent-encoded as it arrived.
PathPart = FromPath[str]
#: The request body, byte for byte; read only when everything before it was in order.
BodyBytes = RawBody
