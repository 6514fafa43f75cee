"""The send queue of one client: waiting messages, up to a limit, and how the socket is closed."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Ending:
    """How a WebSocket is closed.

    Args:
        code: Close code of RFC 6455; 4000 and above are prismd's own.
        reason: Text for people.
    """

    code: int
    reason: str


GOING_AWAY: Final = Ending(1001, "the server stops")
TRY_LATER: Final = Ending(1013, "the server cannot serve the stream now; try again later")
NEW_TICKET: Final = Ending(4401, "the ticket is unknown, used or expired, or the stream's time is over; get a new one")
KEY_REVOKED: Final = Ending(4403, "the API key that got the ticket was revoked")
TOO_MANY: Final = Ending(4429, "the team has as many realtime streams as it may have; close one, or try again later")
LAGGED_BEHIND: Final = Ending(4408, "messages were not read fast enough; connect again and read again what matters")


class SendQueue:
    """Messages that wait to be sent to one client.

    Args:
        messages_max: The most messages that wait. A client that lags further behind loses all of them.
        last_word: The message that such a client gets instead.
    """

    def __init__(self, messages_max: int, last_word: str) -> None:
        self._messages_max = messages_max
        self._last_word = last_word
        self._waiting: deque[str] = deque()
        self._ending: Ending | None = None
        self._news = asyncio.Event()

    def put(self, message: str) -> None:
        """Queue a message; if too many wait, close the stream instead."""
        if self._ending:
            return
        if len(self._waiting) >= self._messages_max:
            self.end(LAGGED_BEHIND, self._last_word)
        else:
            self._waiting.append(message)
            self._news.set()

    def end(self, ending: Ending, *last_words: str) -> None:
        """Close the stream after the last words, and drop waiting messages; a second ending changes nothing."""
        if not self._ending:
            self._waiting.clear()
            self._waiting.extend(last_words)
            self._ending = ending
            self._news.set()

    async def take(self) -> str | Ending:
        """Wait for the next message, or for the ending, and return it."""
        while not self._waiting:
            if self._ending:
                return self._ending
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()
