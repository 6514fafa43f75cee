"""Failed rows of a job: read as they were sent, and run again as somebody repaired them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Final

import httpx
import msgspec

from prismd.core.imports.failed_rows import read_row_token
from prismd.core.json.text import decode_stored, encode
from prismd.importer.calls import ClientError, PrismClient, refusal_of
from prismd.importer.jobs import ShownJob, retry_job

_SILENCE_MAX_S: Final = 120.0


def write_failed_rows(client: PrismClient, job_id: str, form: str, file: IO[bytes]) -> None:
    """Write the failed rows of a job to a file, as the server streams them.

    Args:
        client: The server.
        job_id: The job.
        form: ``csv`` or ``ndjson``.
        file: The file.

    Raises:
        RefusedError: The server does not know the job.
        ClientError: The stream breaks off; the file is then not whole.
    """
    for part in _parts(client, job_id, form):
        file.write(part)


def failed_rows_of(client: PrismClient, job_id: str) -> dict[int, Any]:
    """Return the failed rows of a job as they were sent, by their index.

    Args:
        client: The server.
        job_id: The job.

    Raises:
        RefusedError: The server does not know the job.
        ClientError: The stream breaks off.
    """
    found: dict[int, Any] = {}
    for line in b"".join(_parts(client, job_id, "ndjson")).split(b"\n"):
        if line:
            told = decode_stored(line)
            token = read_row_token(told["row_token"])
            if token is None:
                raise ClientError("the server sends a row without a token; is this a prismd server?")
            found[token.index] = told["row"]
    return found


def run_repaired(client: PrismClient, job_id: str, rows: dict[int, dict[str, Any]]) -> ShownJob:
    """Run repaired rows, and no others, as a new job whose parent is theirs.

    Args:
        client: The server.
        job_id: The job in which they failed.
        rows: The rows by their index.

    Raises:
        RefusedError: The server refuses.
        ClientError: The server cannot be used.
    """
    objects = [msgspec.Raw(encode({"input_index": index, **row})) for index, row in rows.items()]
    return retry_job(client, job_id, encode({"objects": objects, "only_corrected": True}))


def _parts(client: PrismClient, job_id: str, form: str) -> Iterator[bytes]:
    path = ("imports", job_id, "failed-rows")
    try:
        with client.stream(*path, headers={}, query={"format": form}, silence_max_s=_SILENCE_MAX_S) as response:
            if not response.is_success:
                response.read()
                raise refusal_of(response)
            yield from response.iter_bytes()
    except httpx.TransportError as error:
        why = str(error) or type(error).__name__
        raise ClientError(f"the failed rows broke off ({why}); give the command again") from None
