"""What is told of each request once it is over: it is counted, and a line of the log where that is wanted."""

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
#: Stands for the route of what never became a request.
_UNREAD: Final = "unread"
_FORWARDED: Final = b"x-forwarded-for"

#: Shows its lines whatever level the others need to be shown.
_LOG: Final = structlog.wrap_logger(None, wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))


@dataclass(slots=True)
class Told:
    """What is known of a request under way, for who looks on.

    Args:
        scope: The request as it arrived.
        path: The path that it means, as it is routed.
        route: What its path is; None where there is no such route.
        began: When it began, by the clock of :func:`time.perf_counter`.
        status: The status of the answer; 0 as long as there is none.
    """

    scope: HTTPScope
    path: str
    route: Route | None
    began: float
    status: int = 0


class RequestLog:
    """Tells of requests.

    Args:
        settings: Whether each is a line of the log, and whose word on addresses is trusted.

    Raises:
        SettingError: The setting is neither on nor off.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.access_log not in _ON_OFF:
            raise SettingError(f"PRISMD_ACCESS_LOG must be one of {', '.join(_ON_OFF)}, not {settings.access_log!r}")
        self._lines = settings.access_log == "on"
        self._proxies = TrustedProxies(settings.trusted_proxies)

    def ended(self, told: Told) -> None:
        """Tell of a request that is over.

        Args:
            told: What is known of it; who sent it stands in the context of the log.
        """
        scope, seconds = told.scope, time.perf_counter() - told.began
        method, route = labels_of(scope["method"], told.route)
        metrics.request_ended(method, route, told.status, seconds)
        if self._lines:
            _LOG.info(
                "request",
                method=scope["method"],
                # Without the query, in which values of records may stand.
                path=scope["raw_path"].decode("latin-1"),
                status=told.status,
                ms=round(seconds * _MS, 1),
                address=self._address(scope),
                **_job(told),
            )

    def refused(self, error: PrismdError, request_id: str, address: str) -> None:
        """Tell of what never became a request.

        Args:
            error: What it was answered.
            request_id: Id in the answer.
            address: The other end of the connection.
        """
        metrics.add(REQUESTS, 1, metrics.OTHER, _UNREAD, str(error.status))
        if self._lines:
            _LOG.info("no request", status=error.status, code=error.code, address=address, request_id=request_id)

    def _address(self, scope: HTTPScope) -> str:
        known: Any = scope  # with our own key beside those of ASGI
        forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == _FORWARDED]
        return self._proxies.client(known.get(PEER, ""), forwarded)


def labels_of(method: str, route: Route | None) -> tuple[str, str]:
    """Return what tells requests of one kind from others: of few values, whatever clients send.

    Args:
        method: As it was sent.
        route: What the path is.
    """
    if route is None:
        return metrics.OTHER, metrics.OTHER
    return method if method in route.methods else metrics.OTHER, route.template


def _job(told: Told) -> dict[str, str]:
    if told.route is None or _JOB not in told.route.template:
        return {}
    place = told.route.template.split("/").index(_JOB)
    job_id = told.path.split("/")[place]
    return {"job": job_id} if is_uuid(job_id) else {}
