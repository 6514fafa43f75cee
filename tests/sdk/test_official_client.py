"""Imports and refusals through the official Python client, checking every answer strictly, against a real server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import micro_so
import pytest
from micro_so import Micro

if TYPE_CHECKING:
    from tests.processes import RunningServer

RESOURCES = ("contacts", "organizations", "identities", "deals", "actions", "documents", "engagements")
PATIENCE_S = 60


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[Micro]:
    with Micro(
        api_key=server.key, team_id=server.team, base_url=server.url, max_retries=0, _strict_response_validation=True
    ) as opened:
        yield opened


def unique(word: str) -> str:
    return f"{word} {uuid.uuid4()}"


def people(count: int) -> list[Any]:
    tag = uuid.uuid4()
    return [{"default": {"email": f"{number}-{tag}@example.org", "full_name": "Ada"}} for number in range(count)]


def ask_without_a_key(client: Micro) -> None:
    with Micro(api_key="", team_id=client.team_id, base_url=client.base_url, max_retries=0) as stranger:
        stranger.prism.imports.get("x")


def finished(client: Micro, job_id: str) -> Any:
    """Poll as the server's `Retry-After` asks, until the job is done."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        raw = client.prism.imports.with_raw_response.get(job_id)
        job = raw.parse()
        if job.status != "processing":
            return job
        time.sleep(float(raw.headers["retry-after"]))
    pytest.fail(f"the job {job_id} did not end within {PATIENCE_S} s")


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_small_import_of_each_type(client: Micro, resource: str) -> None:
    job = getattr(client.prism.objects, resource).bulk_create(
        objects=[{}, {"default": {}}, {"default": {"no such": 1}}]
    )
    assert (job.job_id, job.status, job.total, job.processed) == (None, "complete", 3, 3)
    assert (job.succeeded, job.failed) == (2, 1)
    assert job.expires_at is None
    assert job.created_at.tzinfo is not None
    assert [result.created for result in job.results] == [True, True, False]
    assert [result.existing for result in job.results] == [False, False, False]
    assert job.results[2].id is None
    assert job.results[2].error.code == "invalid_property"
    # What is newer than the client reaches it all the same.
    assert [result.input_index for result in job.results] == [0, 1, 2]


def test_a_large_import_becomes_a_job_that_can_be_polled(client: Micro) -> None:
    rows = people(250)
    raw = client.prism.objects.contacts.with_raw_response.bulk_create(objects=rows, options={"dedupe_by": "email"})
    accepted = raw.parse()
    assert raw.http_response.status_code == 202
    assert (accepted.status, accepted.total, accepted.processed, accepted.results) == ("processing", 250, 0, None)
    assert raw.headers["location"] == f"/v2/prism/{client.team_id}/imports/{accepted.job_id}"
    job = finished(client, accepted.job_id or "")
    assert (job.job_id, job.status, job.processed, job.succeeded) == (accepted.job_id, "complete", 250, 250)
    assert [result.input_index for result in job.results] == list(range(250))
    assert job.expires_at > job.created_at


def test_the_options_of_the_client_and_newer_ones(client: Micro) -> None:
    contacts = client.prism.objects.contacts
    [row] = people(1)
    contacts.bulk_create(objects=[row])
    shouted: Any = {"default": {"email": row["default"]["email"].upper(), "title": "Countess"}}
    kept = contacts.bulk_create(objects=[shouted], options={"dedupe_by": "email"}).results
    assert kept is not None
    assert kept[0].existing is True
    exact = contacts.bulk_create(objects=[shouted], options={"dedupe_by": "email", "case_insensitive": False}).results
    assert exact is not None
    assert exact[0].created is True
    newer: Any = {"dedupe_by": ["email"], "update_existing": True, "dry_run": True}
    planned: Any = contacts.bulk_create(objects=[row], options=newer)
    assert planned.dry_run is True


def test_an_import_into_a_list(client: Micro) -> None:
    made = client.post(f"/v2/prism/{client.team_id}/lists", body={"template_id": "deal_flow"}, cast_to=object)
    assert isinstance(made, dict)
    name, list_id = unique("Acme"), made["id"]
    deals = client.prism.objects.deals
    deals.bulk_create(objects=[{"default": {"name": name}}])
    rows: Any = [{"default": {"name": name}, "list": {"app_stage": "sourced"}}, {"default": {"name": unique("Other")}}]
    options: Any = {"dedupe_by": "name", "list_id": list_id, "require_list_stage": True, "update_existing": True}
    job = deals.bulk_create(objects=rows, options=options)
    assert job.results is not None
    assert [(row.existing, row.error and row.error.code) for row in job.results] == [
        (True, None),
        (False, "missing_required"),
    ]
    found: Any = deals.get(job.results[0].id or "")
    assert found.list == {list_id: {"app_stage": "sourced"}}


def test_people_are_written_with_plain_addresses(client: Micro) -> None:
    tag = uuid.uuid4()
    first, second, third = (f"{word}-{tag}@example.org" for word in ("ada", "king", "byron"))
    objects = client.prism.objects
    rows: list[Any] = [{"default": {"full_name": "Ada", "email_addresses": [first, second]}}]
    options: Any = {"dedupe_by": "email_addresses"}
    job = objects.identities.bulk_create(objects=[*rows, *rows], options=options)
    assert job.results is not None
    assert (job.succeeded, job.to_dict()["contacts_created"]) == (2, 2)
    assert job.results[0].id == job.results[1].id
    made = job.results[0].to_dict()["contacts_created"]
    assert isinstance(made, list)
    assert [one["email"] for one in made] == [first, second]
    assert objects.contacts.find(second, slug="email").id == made[1]["id"]
    append: Any = {"email_addresses": {"_op": "append", "values": [third, first.upper()]}}
    person = objects.identities.update(job.results[0].id or "", default=append)
    addresses = (person.default or {}).get("email_addresses")
    assert isinstance(addresses, list)
    assert len(addresses) == len([first, second, third])
    unknown: Any = {"email_addresses": {"_op": "remove", "values": [f"nobody-{tag}@example.org"]}}
    assert objects.identities.update(person.id, default=unknown).default == person.default


def test_a_repeat_under_a_key_is_a_replay(client: Micro) -> None:
    rows, key = people(120), str(uuid.uuid4())
    contacts = client.prism.objects.contacts.with_raw_response
    first, second = (contacts.bulk_create(objects=rows, idempotency_key=key) for _ in range(2))
    assert first.parse().job_id == second.parse().job_id
    assert second.headers["idempotent-replay"] == "true"
    with pytest.raises(micro_so.ConflictError) as refused:
        contacts.bulk_create(objects=rows[1:], idempotency_key=key)
    assert refused.value.response.headers["x-should-retry"] == "false"


def test_the_client_heeds_that_a_conflict_is_not_worth_repeating(server: RunningServer) -> None:
    key = str(uuid.uuid4())
    with Micro(api_key=server.key, team_id=server.team, base_url=server.url, max_retries=2) as patient:
        patient.prism.objects.contacts.bulk_create(objects=[], idempotency_key=key)
        with pytest.raises(micro_so.ConflictError) as refused:
            patient.prism.objects.contacts.bulk_create(objects=[{}], idempotency_key=key)
    assert refused.value.request.headers["x-stainless-retry-count"] == "0"


@pytest.mark.parametrize(
    ("raised", "provoke"),
    [
        (micro_so.BadRequestError, lambda own: own.prism.objects.contacts.find("x", slug="no such")),
        (micro_so.NotFoundError, lambda own: own.prism.imports.get("jobId")),
        (micro_so.NotFoundError, lambda own: own.prism.objects.contacts.get("contactId")),
        (micro_so.NotFoundError, lambda own: own.prism.objects.contacts.find("nobody", slug="email")),
        (micro_so.PermissionDeniedError, lambda own: own.prism.imports.get("jobId", team_id="My Team ID")),
        (micro_so.PermissionDeniedError, lambda own: own.with_options(api_key="My API Key").prism.imports.get("x")),
        (micro_so.AuthenticationError, ask_without_a_key),
    ],
)
def test_refusals_raise_what_the_client_promises(
    client: Micro, raised: type[micro_so.APIStatusError], provoke: Callable[[Micro], Any]
) -> None:
    with pytest.raises(raised) as refused:
        provoke(client)
    body: Any = refused.value.body
    assert body["error"]["request_id"] == refused.value.response.headers["x-request-id"]


def test_several_matches_raise_a_conflict(client: Micro) -> None:
    name = unique("Twin")
    client.prism.objects.contacts.bulk_create(objects=[{"default": {"full_name": name}}] * 2)
    with pytest.raises(micro_so.ConflictError):
        client.prism.objects.contacts.find(name, slug="full_name")


def test_the_seed_snippet_prints_the_id_of_the_job(server: RunningServer, client: Micro) -> None:
    job_id = client.prism.objects.contacts.bulk_create(objects=people(100)).job_id
    assert job_id
    # As published, and with the team, without which version 0.8.0 of the client cannot be made.
    snippet = (
        "import os\n"
        "from micro_so import Micro\n"
        'client = Micro(api_key=os.environ.get("MICRO_API_KEY"), team_id=os.environ["MICRO_TEAM_ID"])\n'
        f'import_ = client.prism.imports.get(job_id="{job_id}")\n'
        "print(import_.job_id)\n"
    )
    variables = {"MICRO_BASE_URL": server.url, "MICRO_API_KEY": server.key, "MICRO_TEAM_ID": server.team}
    ran = subprocess.run(
        [sys.executable, "-c", snippet], env={**os.environ, **variables}, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == job_id
