"""An export as pages of rows: a page counts once its mark has come, and after a break the export goes on behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import msgspec

from prismd.core.exports.columns import Column
from prismd.importer.calls import ClientError, PrismClient, RefusedError, asked_wait_s, refusal_of

#: Seconds without a byte after which a connection counts as broken; a page may take half a minute, and wait for a turn.
_SILENCE_MAX_S: Final = 120.0
#: The most attempts in a row that bring no page, and the waits between them.
_ATTEMPTS_MAX: Final = 9
_WAIT_FIRST_S: Final = 0.5
_WAIT_MAX_S: Final = 30.0
_LINE_BYTES_MAX: Final = 64 * 2**20
#: Codes of a refusal that pass.
_PASSING: Final = frozenset(
    {"too_many_exports", "too_many_requests", "rate_limited", "service_unavailable", "query_timeout", "internal_error"}
)
#: Statuses of a server that has no exports.
_WITHOUT: Final = (404, 405, 501)


class Head(msgspec.Struct, frozen=True):
    """What an export says first.

    Args:
        columns: The columns of the export as a table.
        left_out: Properties that an import does not take, and keys that the caller may not read.
        total: Number of records; None if they were not counted.
    """

    columns: list[Column]
    left_out: list[str] = []
    total: int | None = None


class _Refusal(msgspec.Struct, frozen=True):
    code: str
    message: str


class _Mark(msgspec.Struct, frozen=True):
    columns: list[Column] | None = None
    left_out: list[str] = []
    total: int | None = None
    cursor: str | None = None
    rows: int = 0
    error: _Refusal | None = None


class _MarkLine(msgspec.Struct, frozen=True):
    mark: _Mark


_MARK_LINES: Final = msgspec.json.Decoder(_MarkLine)
_MARK: Final = b'{"mark":'


class _BrokenError(Exception):
    """The stream broke off; the message says how."""


@dataclass(slots=True)
class ExportRun:
    """One export from a server.

    Args:
        client: The server.
        object_type: Type of the records.
        body: The body of the request, without format, marks and cursor.
    """

    client: PrismClient
    object_type: str
    body: Mapping[str, Any]
    head: Head | None = None
    cursor: str | None = None
    breaks: int = 0

    def pages(self) -> Iterator[list[bytes]]:
        """Yield the rows of each page as JSON; before the first page the head is known.

        Raises:
            ClientError: The server refuses, or the export breaks off again and again without a further page.
        """
        attempt = 0
        while True:
            wait_s = 0.0
            try:
                for page in self._stream():
                    attempt = 0
                    yield page
            except httpx.TransportError as error:
                why = str(error) or type(error).__name__
            except _BrokenError as error:
                why = str(error)
            except RefusedError as error:
                if error.code not in _PASSING:
                    raise self._told(error) from None
                why, wait_s = str(error), error.wait_s
            else:
                return
            attempt += 1
            self.breaks += 1
            if attempt >= _ATTEMPTS_MAX:
                raise ClientError(f"the export broke off {attempt} times in a row; the last time: {why}")
            self.client.outside.sleep(wait_s or min(_WAIT_MAX_S, _WAIT_FIRST_S * 2.0 ** (attempt - 1)))

    def _told(self, error: RefusedError) -> ClientError:
        if error.status in _WITHOUT and not self.head:
            return ClientError(f"{self.client.base_url} exports no {self.object_type}: {error.message}")
        return error

    def _stream(self) -> Iterator[list[bytes]]:
        asked = {**self.body, "format": "ndjson", "marks": True}
        if self.cursor is not None:
            asked["cursor"] = self.cursor
        headers = {"accept": "application/x-ndjson", "content-type": "application/json"}
        body = msgspec.json.encode(asked)
        with self.client.stream(
            self.object_type, "export", headers=headers, body=body, silence_max_s=_SILENCE_MAX_S
        ) as response:
            if not response.is_success:
                response.read()
                refusal = refusal_of(response)
                refusal.wait_s = asked_wait_s(response, self.client.outside.now())
                raise refusal
            rows: list[bytes] = []
            for line in _lines(response):
                if not line.startswith(_MARK):
                    rows.append(line)
                    continue
                mark = _MARK_LINES.decode(line).mark
                if mark.error is not None:
                    raise RefusedError(response.status_code, mark.error.code, mark.error.message)
                if mark.columns is not None:
                    self.head = self.head or Head(mark.columns, mark.left_out, mark.total)
                    continue
                yield rows
                rows, self.cursor = [], mark.cursor
                if mark.cursor is None:
                    return
        raise _BrokenError("the stream ended without its last mark")


def _lines(response: httpx.Response) -> Iterator[bytes]:
    """Yield whole lines; what follows the last line end is the beginning of a line that never came."""
    begun: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        first, *others = part.split(b"\n")
        begun.append(first)
        size += len(first)
        if size > _LINE_BYTES_MAX:
            raise ClientError(f"the server sends a line of more than {_LINE_BYTES_MAX:,} bytes; no row is that long")
        if others:
            yield b"".join(begun)
            yield from others[:-1]
            begun, size = [others[-1]], len(others[-1])
