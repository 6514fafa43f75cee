"""The check of API keys, which comes before everything else in a request (contract, section 2)."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from structlog.contextvars import bind_contextvars

from prismd.api.authentication.failed_authentication import FailedAuthentication
from prismd.api.authentication.wrong_keys import WrongKeys
from prismd.api.http.addresses import TrustedProxies
from prismd.api.http.paths import decoded
from prismd.api.http.scope_keys import OWN_TEAM, PEER
from prismd.api.limits.rates import RateLimiter
from prismd.api.limits.threads import Threads
from prismd.api.limits.turns import OWNER
from prismd.core.errors import PrismdError
from prismd.services.api_keys.authentication import Caller, RefusedKeyError, UnknownKeyError, authenticate
from prismd.services.runtime import Runtime


async def let_in(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Admit a request with a key of the team in its path, or of any team if the path names none.

    Raises:
        PrismdError: ``unauthorized`` without a key, ``forbidden`` with a wrong one, ``rate_limited`` with too many
            requests.
    """
    key = _key_of(connection)
    scope: Any = connection.scope
    own_team = scope[OWN_TEAM]
    team = None if own_team else decoded(connection.path_params["team_id"])
    if team is None and not own_team:
        raise PrismdError("forbidden", "The API key is invalid, revoked, or gives no access to this team")
    await _let_in(connection, key, team)


async def let_in_by_key(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Admit a request with a good key of any team, on routes without a team in their path.

    Raises:
        PrismdError: The errors of :func:`let_in`.
    """
    await _let_in(connection, _key_of(connection), None)


def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """Return the caller, for handlers behind :func:`let_in`."""
    caller: Caller = request.state.caller
    return caller


def _key_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    key = connection.headers.get("x-api-key", "")
    if not key:
        raise PrismdError("unauthorized", "The header x-api-key is missing; send an API key of the team")
    return key


async def _let_in(connection: ASGIConnection[Any, Any, Any, Any], key: str, team: str | None) -> None:
    state = connection.app.state
    wrong_keys: WrongKeys = state.wrong_keys
    address = _address_of(connection)
    wrong_keys.check(address, key)
    threads: Threads = state.threads
    OWNER.set(key)
    try:
        caller = await threads.run_quick(lambda: _authenticated(state.runtime, key, team))
    except RefusedKeyError as error:
        if isinstance(error, UnknownKeyError):
            wrong_keys.wrong(address, key)
        else:
            wrong_keys.good(address, key)  # the key belongs to another team
        failed: FailedAuthentication = state.failed_authentication
        failed.note(error.failure, address)
        raise
    except Exception:
        wrong_keys.spare(address)
        raise
    wrong_keys.good(address, key)
    bind_contextvars(team=caller.public_id, key_hint=caller.key_hint)
    OWNER.set(caller.team_id)
    limiter: RateLimiter = state.limiter
    limiter.take(caller.key_id)
    state.unread.check(caller.team_id)
    connection.state.caller = caller


def _address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    proxies: TrustedProxies = connection.app.state.proxies
    scope: Any = connection.scope  # has a key of prismd in addition to those of ASGI
    return proxies.client(scope.get(PEER, ""), connection.headers.getall("x-forwarded-for", []))


def _authenticated(runtime: Runtime, key: str, team: str | None) -> Caller:
    return runtime.do_for_all_teams(authenticate, key, team, now=runtime.now())
