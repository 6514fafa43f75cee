"""Existing import jobs: lists them, reads one, cancels one, and runs failed rows again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import msgspec

from prismd.importer.calls import ClientError, PrismClient

#: A job with all fields that the server sends (contract, section 10.3).
ShownJob = dict[str, Any]


def list_jobs(client: PrismClient, wanted: Mapping[str, str]) -> list[ShownJob]:
    """Return jobs of the team, newest first.

    Args:
        client: The server to ask.
        wanted: Filters and ``limit``, as parameters of the query string.

    Raises:
        ClientError: The server cannot be used.
    """
    found = _object(client.call("GET", "imports", query=wanted)).get("data")
    if not isinstance(found, list):
        raise ClientError("the answer is no list of imports; is this a prismd server?")
    return found


def read_job(client: PrismClient, job_id: str) -> ShownJob:
    """Return a job without its results.

    Raises:
        ClientError: The server cannot be used, or does not know the job.
    """
    return _without_results(client.call("GET", "imports", job_id))


def cancel_job(client: PrismClient, job_id: str) -> ShownJob:
    """Cancel a job and return it.

    Raises:
        RefusedError: The job has ended already, or does not exist.
        ClientError: The server cannot be used.
    """
    return _without_results(client.call("POST", "imports", job_id, "cancel", key=_new_key()))


def retry_job(client: PrismClient, job_id: str, body: bytes) -> ShownJob:
    """Run the failed rows of a job again and return the new job.

    Args:
        client: The server.
        job_id: The job whose rows failed.
        body: The request (contract, section 22).

    Raises:
        RefusedError: No row failed, or a correction is invalid.
        ClientError: The server cannot be used.
    """
    return _without_results(client.call("POST", "imports", job_id, "retry", body=body, key=_new_key()))


def decide_job(client: PrismClient, job_id: str, decision: Mapping[str, object]) -> ShownJob:
    """Run the failed rows of a group again after a decision, and return the new job.

    Args:
        client: The server.
        job_id: The job whose rows failed.
        decision: The body of the request (contract, section 22).

    Raises:
        RefusedError: No row is of the group, or the decision is invalid.
        ClientError: The server cannot be used.
    """
    body = msgspec.json.encode(decision)
    return _without_results(client.call("POST", "imports", job_id, "decide", body=body, key=_new_key()))


def problems_of(client: PrismClient, job_id: str) -> tuple[int, list[dict[str, Any]]]:
    """Return the number of failed rows of a job, and all groups of their problems, that of the most rows first.

    Args:
        client: The server.
        job_id: The job.

    Raises:
        ClientError: The server cannot be used, or does not know the job.
    """
    groups: list[dict[str, Any]] = []
    query = {"limit": "50"}
    while True:
        page = _object(client.call("GET", "imports", job_id, "problems", query=query))
        if not isinstance(page.get("data"), list):
            raise ClientError("the answer is no page of problems; is this a prismd server?")
        groups += page["data"]
        if not page.get("next_cursor"):
            return int(page.get("failed") or 0), groups
        query = {"cursor": str(page["next_cursor"])}


def undo_job(client: PrismClient, job_id: str, *, dry_run: bool = False) -> ShownJob:
    """Start the undo of an import or of an undo, and return the job of the undo.

    Args:
        client: The server.
        job_id: The job to undo, or the change set of a small import.
        dry_run: Whether to judge every record, but change nothing.

    Raises:
        RefusedError: The import still runs, or nothing is left to undo.
        ClientError: The server cannot be used.
    """
    body = msgspec.json.encode({"dry_run": dry_run})
    return _without_results(client.call("POST", "imports", job_id, "undo", body=body, key=_new_key()))


def kept_records(client: PrismClient, job_id: str) -> Iterator[dict[str, Any]]:
    """Yield the results of an undo whose records stay as they are, wholly or in part.

    Args:
        client: The server.
        job_id: The job of the undo.

    Raises:
        ClientError: The server cannot be used.
    """
    for outcome in ("partly_reverted", "kept"):
        query = {"outcome": outcome, "limit": "1000"}
        while True:
            page = _object(client.call("GET", "imports", job_id, "results", query=query))
            yield from page.get("data") or []
            if not page.get("next_cursor"):
                break
            query = {"cursor": str(page["next_cursor"])}


def _new_key() -> str:
    # The client may send the call several times; because of the key, the server does it once.
    return f"prismd-{secrets.token_hex(16)}"


def _without_results(answer: httpx.Response) -> ShownJob:
    job = _object(answer)
    job.pop("results", None)
    if "status" not in job:
        raise ClientError("the answer is no import job; is this a Prism server?")
    return job


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        return msgspec.json.decode(answer.content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ClientError("the answer is no JSON object; is this a Prism server?") from None
