"""Uploading a file as the body of one request: streamed in parts, durable when it is answered, gone if it breaks."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any, Final

import structlog
from litestar import Request, Response

from prismd.api.document.operation import IDEMPOTENCY_KEY, REPLAY, TEAM, Operation, Parameter, Reply
from prismd.api.files.names import name_of
from prismd.api.files.shapes import UploadedFile, shown_file
from prismd.api.http.errors import refusal, request_id_of, respond
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import Write, answer_once, fingerprint_of, key_of
from prismd.api.http.injected import SessionIn
from prismd.api.limits.threads import Threads
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.files import FileState, StoredFile
from prismd.core.json.text import encode
from prismd.services.files.uploads import (
    PART_BYTES,
    Announced,
    add_bytes,
    begin_upload,
    complete_upload,
    give_up,
    keep_open,
)
from prismd.services.idempotency.claims import Answer
from prismd.services.session import Session, Transaction

_LOG: Final = structlog.get_logger()
#: A slow upload says so often that it still goes on.
_TOUCHES: Final = 4


@handles(
    Operation(
        name="uploadFile",
        method="POST",
        path=f"{TEAM}/files",
        tag="Files",
        scopes=(Scope.IMPORT,),
        typed_by_job=True,
        summary="Upload a file",
        description=(
            "prismd's own. The body is the file, of any format and size up to a limit, sent as it is. When it is "
            "answered, the file is durable; a body that breaks off leaves nothing. docs/files.md shows how to go on."
        ),
        parameters=(
            Parameter("name", "query", "Name of the file, if no header `Content-Disposition` says it."),
            IDEMPOTENCY_KEY,
        ),
        raw_body=("application/octet-stream", "text/csv"),
        replies=(Reply(201, "The file.", UploadedFile, {**REPLAY, "location": "Path of the file."}),),
        errors=("too_many_files", "upload_offset_mismatch"),
    ),
    streams_body=True,
)
async def upload_file(request: Request[Any, Any, Any], session: SessionIn) -> Response[bytes]:
    """Take a file in, part by part, and answer it when it is whole."""
    key = key_of(request)
    upload = Upload(request.app.state.threads, session)
    await upload.begin(Announced(name=name_of(request), length=_length(request)))
    try:
        await upload.take(request.stream())
        return await upload.answered(request, key)
    finally:
        await upload.end()


class Upload:
    """An upload under way: it holds one part of the file in memory, and hashes the bytes as they come.

    Args:
        threads: The threads of the process.
        session: The session of the caller.
    """

    def __init__(self, threads: Threads, session: Session) -> None:
        self._threads, self._session = threads, session
        self._digest = hashlib.sha256()
        self._file: StoredFile | None = None
        self._touched = 0.0

    @property
    def file(self) -> StoredFile:
        """The file as far as it has come."""
        assert self._file is not None  # noqa: S101 - an upload begins before anything else
        return self._file

    async def begin(self, announced: Announced) -> None:
        """Begin the file.

        Args:
            announced: What the client says of it.

        Raises:
            PrismdError: ``payload_too_large``, ``too_many_files``.
        """
        self._file = await self._threads.run_other(partial(self._session.do, begin_upload, announced))
        self._touched = time.monotonic()

    async def take(self, pieces: AsyncIterator[bytes]) -> None:
        """Write the bytes, part by part.

        Args:
            pieces: The bytes, cut anywhere.

        Raises:
            PrismdError: ``payload_too_large``, ``upload_offset_mismatch``.
        """
        held = bytearray()
        async for piece in pieces:
            held += piece
            while len(held) >= PART_BYTES:
                part = bytes(memoryview(held)[:PART_BYTES])
                del held[:PART_BYTES]
                await self._write(part)
            await self._stay_open()
        if held:
            await self._write(bytes(held))

    async def answered(self, request: Request[Any, Any, Any], key: str | None) -> Response[bytes]:
        """Make the file whole and return the answer; a repeat under the same key gets the first answer.

        Args:
            request: The request, for its path and id.
            key: Its idempotency key.
        """
        sha256 = self._digest.hexdigest()
        request_id = request_id_of(request)

        def work(transaction: Transaction) -> Answer:
            self._file = complete_upload(transaction, self.file, sha256)
            location = f"{request.scope['raw_path'].decode('latin-1').rstrip('/')}/{self._file.id}"
            return Answer(201, encode(shown_file(self._file)), {"location": location})

        write = Write(key, fingerprint_of(request, sha256.encode()), work, lambda error: refusal(error, request_id))
        before = self.file
        answer, replayed = await self._threads.run_other(partial(answer_once, self._session, write))
        if replayed or answer.status != 201:  # noqa: PLR2004 - what the file was made with
            self._file = before
        return respond(answer, {"idempotent-replay": "true"} if replayed else None)

    async def end(self) -> None:
        """Delete the file if it did not become whole; what a lost database leaves is deleted by the purge."""
        if self._file is None or self._file.state is FileState.WHOLE:
            return
        # A client that has left cancels nothing of this.
        await asyncio.shield(asyncio.ensure_future(self._give_up(self._file.id)))

    async def _give_up(self, file_id: str) -> None:
        try:
            await self._threads.run_other(partial(give_up, self._session, file_id))
        except Exception as error:  # noqa: BLE001 - the request has its own error, and the purge comes back to this
            _LOG.warning("a broken upload is left to the purge", file=file_id, error=str(error))

    async def _write(self, part: bytes) -> None:
        self._file = await self._threads.run_other(partial(self._written, self.file, part))
        self._touched = time.monotonic()

    def _written(self, file: StoredFile, part: bytes) -> StoredFile:
        self._digest.update(part)
        return self._session.do(add_bytes, file, part)

    async def _stay_open(self) -> None:
        if time.monotonic() - self._touched > self._session.settings.upload_silence_s / _TOUCHES:
            await self._threads.run_other(partial(self._session.do, keep_open, self.file))
            self._touched = time.monotonic()


def _length(request: Request[Any, Any, Any]) -> int | None:
    with suppress(ValueError):
        return int(request.headers["content-length"]) if "content-length" in request.headers else None
    raise PrismdError.invalid(".headers.content-length", "expected a number of bytes", "type")
