"""The log of requests: each finished request is counted, and logged if the setting says so."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any, Final

import structlog
from litestar.types import HTTPScope

from prismd.api.http.addresses import TrustedProxies
from prismd.api.http.known_routes import Route
from prismd.api.http.scope_keys import PEER
from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.settings import SettingError, Settings
from prismd.telemetry import metrics
from prismd.telemetry.declared import REQUESTS

_MS: Final = 1_000
_ON_OFF: Final = ("on", "off")
_JOB: Final = "{jobId}"
#: The route label of bytes that never became a request.
_UNREAD: Final = "unread"
_FORWARDED: Final = b"x-forwarded-for"

#: Logs from the level INFO on, independent of the level of the rest of the log.
_LOG: Final = structlog.wrap_logger(None, wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))


@dataclass(slots=True)
class ObservedRequest:
    """A request, as logs, metrics and traces see it.

    Args:
        scope: The ASGI scope of the request as it arrived.
        path: The routed path.
        route: The route of the path; None if no route has it.
        began: The start time, from :func:`time.perf_counter`.
        status: The status of the answer; 0 before it begins.
    """

    scope: HTTPScope
    path: str
    route: Route | None
    began: float
    status: int = 0


class RequestLog:
    """Counts requests and logs them.

    Args:
        settings: The settings, for whether requests are logged, and for the trusted proxies.

    Raises:
        SettingError: The setting is neither on nor off.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.access_log not in _ON_OFF:
            raise SettingError(f"PRISMD_ACCESS_LOG must be one of {', '.join(_ON_OFF)}, not {settings.access_log!r}")
        self._lines = settings.access_log == "on"
        self._proxies = TrustedProxies(settings.trusted_proxies)

    def ended(self, request: ObservedRequest) -> None:
        """Count and log a finished request.

        Args:
            request: The request; the log context already holds its team and key.
        """
        scope, seconds = request.scope, time.perf_counter() - request.began
        method, route = labels_of(scope["method"], request.route)
        metrics.request_ended(method, route, request.status, seconds)
        if self._lines:
            _LOG.info(
                "request",
                method=scope["method"],
                # The query is left out, because it may contain values of records.
                path=scope["raw_path"].decode("latin-1"),
                status=request.status,
                ms=round(seconds * _MS, 1),
                address=self._address(scope),
                **_job(request),
            )

    def refused(self, error: PrismdError, request_id: str, address: str) -> None:
        """Count and log a refusal of bytes that never became a request.

        Args:
            error: The error in the answer.
            request_id: The request id in the answer.
            address: Address of the connection's other end.
        """
        metrics.add(REQUESTS, 1, metrics.OTHER, _UNREAD, str(error.status))
        if self._lines:
            _LOG.info("no request", status=error.status, code=error.code, address=address, request_id=request_id)

    def _address(self, scope: HTTPScope) -> str:
        known: Any = scope  # has a key of prismd in addition to those of ASGI
        forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == _FORWARDED]
        return self._proxies.client(known.get(PEER, ""), forwarded)


def labels_of(method: str, route: Route | None) -> tuple[str, str]:
    """Return the method and route labels of a request; clients cannot cause more than a few different ones.

    Args:
        method: The method as it was sent.
        route: The route of the path.
    """
    if route is None:
        return metrics.OTHER, metrics.OTHER
    return method if method in route.methods else metrics.OTHER, route.template


def _job(request: ObservedRequest) -> dict[str, str]:
    if request.route is None or _JOB not in request.route.template:
        return {}
    index = request.route.template.split("/").index(_JOB)
    job_id = request.path.split("/")[index]
    return {"job": job_id} if is_uuid(job_id) else {}
