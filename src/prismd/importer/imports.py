"""The import routes of a Prism server, for a client: sends rows, waits, and returns one result per row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import httpx
import msgspec

from prismd.core.mapping.targets import Target
from prismd.importer.calls import ClientError, PrismClient, RefusedError, asked_wait_s

_POLL_FIRST_S: Final = 0.1
_POLL_MIN_S: Final = 0.1
_POLL_MAX_S: Final = 5.0
_GROWTH: Final = 1.5


class Problem(msgspec.Struct):
    """The reason why a row or a job failed (contract, sections 10.3 and 10.4)."""

    code: str | None = None
    message: str | None = None
    property: str | None = None


class RowResult(msgspec.Struct):
    """The result of one row (contract, section 10.4); the last fields are prismd's own."""

    id: str | None = None
    created: bool | None = None
    existing: bool | None = None
    updated: bool | None = None
    error: Problem | None = None
    errors: Any = None
    duplicate_of: Any = None
    contacts_created: Any = None

    @property
    def contacts(self) -> tuple[str, ...]:
        """The addresses for which the row made contacts; empty if the server does not list them in prismd's form."""
        made = self.contacts_created if isinstance(self.contacts_created, list) else ()
        if not made:
            return ()
        return tuple(str(one["email"]) for one in made if isinstance(one, dict) and "email" in one)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems of the row; empty if the server names none."""
        if not self.errors:
            return () if self.error is None else (self.error,)
        try:
            found = msgspec.convert(self.errors, tuple[Problem, ...])
        except msgspec.ValidationError:
            found = ()
        return found or ((self.error,) if self.error else ())


class Job(msgspec.Struct):
    """A snapshot of an import (contract, section 10.3); the last fields are prismd's own."""

    status: str
    total: int
    job_id: str | None = None
    processed: int | None = None
    failed: int | None = None
    results: list[RowResult] | None = None
    error: Problem | None = None
    state: str | None = None
    created: int | None = None
    existing: int | None = None
    updated: int | None = None
    dry_run: bool | None = None


class KnownProperty(NamedTuple):
    """A property, as the server describes it (contract, section 13.2)."""

    type: str
    read_only: bool = False
    name: str = ""
    options: tuple[str, ...] = ()


#: Receives each snapshot of a running job.
Watch = Callable[[Job], None]


def properties_of(client: PrismClient, object_type: str) -> Mapping[str, KnownProperty] | None:
    """Return an object type's properties by slug; None if the server does not list them.

    Args:
        client: The server to ask.
        object_type: The type, such as ``contact``.

    Raises:
        ClientError: The server cannot be used.
    """
    try:
        answer = client.call("GET", object_type, "properties")
    except RefusedError as error:
        if error.status in (404, 405, 501):
            return None
        raise
    try:
        by_type = msgspec.json.decode(answer.content, type=dict[str, dict[str, dict[str, object]]])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    found = {}
    for definition in by_type.get(object_type, {}).values():
        slug, kind = definition.get("slug"), definition.get("type")
        if isinstance(slug, str) and isinstance(kind, str) and not definition.get("list_id"):
            name = definition.get("name")
            found[slug] = KnownProperty(
                kind,
                definition.get("read_only") is True,
                name if isinstance(name, str) else "",
                _options(definition.get("options")),
            )
    return found or None


def targets_from(properties: Mapping[str, KnownProperty]) -> dict[str, Target]:
    """Return properties as a mapping sees them.

    Args:
        properties: By slug.
    """
    return {
        slug: Target(known.type, known.name, read_only=known.read_only, options=known.options)
        for slug, known in properties.items()
    }


def is_prismd(client: PrismClient) -> bool:
    """Return whether the server is prismd: only prismd lists its import jobs (contract, section 22).

    Raises:
        ClientError: The server cannot be used.
    """
    try:
        answer = client.call("GET", "imports")
        return isinstance(msgspec.json.decode(answer.content, type=dict[str, object]).get("data"), list)
    except RefusedError as error:
        if error.status in (400, 404, 405, 501):
            return False
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def start_import(client: PrismClient, object_type: str, body: bytes, key: str) -> tuple[Job, float]:
    """Send rows and return the first snapshot, with the seconds to wait before the next request.

    Args:
        client: The server to send to.
        object_type: The type, such as ``contact``.
        body: The whole request.
        key: The idempotency key of exactly this body.

    Raises:
        ClientError: The server refuses, or cannot be reached.
    """
    answer = client.call("POST", object_type, "import", body=body, key=key)
    job = _job(answer)
    if job.status == "processing" and not job.job_id:
        raise ClientError("the server is still at work on the rows but gives no job id to ask for")
    return job, asked_wait_s(answer, client.outside.now())


def finish_import(client: PrismClient, job: Job, since: float, wait_s: float, watch: Watch) -> Job:
    """Poll a job until it ends, and return the last snapshot.

    Args:
        client: The server that runs the job.
        job: The newest snapshot.
        since: The time of that snapshot, in seconds of the client's monotonic clock.
        wait_s: Seconds from that time that the server asks to wait before the next request; 0 for no wait.
        watch: Receives each snapshot.

    Raises:
        ClientError: The server cannot be reached any more, or no longer knows the job.
    """
    wait, now = _POLL_FIRST_S, client.outside.monotonic
    wait_s -= now() - since
    while job.status == "processing":
        client.outside.sleep(max(wait, wait_s))
        answer = client.call("GET", "imports", job.job_id or "")
        job = _job(answer)
        watch(job)
        wait_s = asked_wait_s(answer, client.outside.now())
        wait = poll_wait_s(job, now() - since, wait)
    return job


def poll_to_end(client: PrismClient, job_id: str, watch: Watch) -> Job:
    """Poll a job without an earlier snapshot until it ends, and return the last snapshot.

    Args:
        client: The server that runs the job.
        job_id: The job.
        watch: Receives each snapshot.

    Raises:
        ClientError: The server cannot be reached any more, or no longer knows the job.
    """
    since = client.outside.monotonic()
    answer = client.call("GET", "imports", job_id)
    job = _job(answer)
    watch(job)
    return finish_import(client, job, since, asked_wait_s(answer, client.outside.now()), watch)


def poll_wait_s(job: Job, elapsed_s: float, last_s: float) -> float:
    """Return the seconds to wait before the next poll: half of the time that the job probably still needs.

    Args:
        job: The newest snapshot.
        elapsed_s: Seconds since the first request.
        last_s: The wait before this snapshot.
    """
    if not job.processed or elapsed_s <= 0:
        return min(_POLL_MAX_S, last_s * _GROWTH)
    left_s = elapsed_s * (job.total - job.processed) / job.processed
    return min(_POLL_MAX_S, max(_POLL_MIN_S, left_s / 2))


def _options(found: object) -> tuple[str, ...]:
    """Return the labels and slugs of options, each once."""
    options = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    texts = (one.get(name) for one in options for name in ("value", "slug"))
    return tuple(dict.fromkeys(text for text in texts if isinstance(text, str)))


def _job(answer: httpx.Response) -> Job:
    try:
        return msgspec.json.decode(answer.content, type=Job)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ClientError(f"the answer is no import job ({error}); is this a Prism server?") from None
