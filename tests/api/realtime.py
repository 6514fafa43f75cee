"""A client of the realtime stream for tests, and its tickets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from prismd.api.realtime.hub import RealtimeHub
from prismd.core.notifications import Change, RecordsChanged, payloads_of
from prismd.store.connections.postgres import Connection
from prismd.store.realtime.notifications import notify_listeners
from tests.processes import PATIENCE_S

if TYPE_CHECKING:
    from tests.api.conftest import Api

TICKET = "/v2/realtime/ticket"


class Stream:
    """An open realtime stream."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def next(self) -> dict[str, Any]:
        """Return the next message, which must come."""
        message: dict[str, Any] = json.loads(self.socket.recv(timeout=PATIENCE_S))
        return message

    def end(self) -> int:
        """Return the code with which the stream closes, which it must do without another message."""
        with pytest.raises(ConnectionClosed) as closed:
            self.next()
        assert closed.value.rcvd
        return closed.value.rcvd.code


def ticket(api: Api, key: str | None = None) -> str:
    answer = api.send("POST", TICKET, key=key or api.key)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["ticket"])


@contextmanager
def opened(api: Api, token: str) -> Iterator[Stream]:
    """Open a stream with a ticket; nothing has been read from it."""
    url = f"{api.url.replace('http', 'ws')}/v2/realtime?token={token}"
    with connect(url, proxy=None, open_timeout=PATIENCE_S, compression=None) as socket:
        yield Stream(socket)


@contextmanager
def listening(api: Api, key: str | None = None) -> Iterator[Stream]:
    """Open a stream that has said hello."""
    with opened(api, ticket(api, key)) as stream:
        assert stream.next()["type"] == "hello"
        yield stream


def tell_of_records(connection: Connection, changed: RecordsChanged) -> None:
    """Tell the realtime streams of a team that records changed, without a change, once the transaction commits."""
    notify_listeners(connection, list(payloads_of(changed)))


def tell(api: Api, *ids: str) -> None:
    """Tell that deals of a team changed, as a write does."""
    with api.runtime.of_all_teams() as connection:
        tell_of_records(connection, RecordsChanged(api.team_id(), "deal", Change.UPDATED, ids))


def hub_of(api: Api) -> RealtimeHub:
    """Return what the served application keeps of its realtime sockets."""
    found: RealtimeHub = api.app._app.state["realtime"]
    return found
