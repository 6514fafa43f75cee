"""The official client repeats a write whose answer it lost, unasked and without a key, and gets that very answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from micro_so import Micro

if TYPE_CHECKING:
    from tests.processes import RunningServer

COUNT = "x-stainless-retry-count"


class Losing(httpx.HTTPTransport):
    """A network that loses answers of writes, which the server has given: so many of each."""

    def __init__(self, lost: int) -> None:
        super().__init__()
        self._lost = lost
        self.counts: list[str] = []
        self.replayed: list[str | None] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        answer.read()
        if request.method == "GET":
            return answer
        self.counts.append(request.headers[COUNT])
        self.replayed.append(answer.headers.get("idempotent-replay"))
        if int(request.headers[COUNT]) < self._lost:
            raise httpx.ReadError("the connection was lost", request=request)
        return answer


@pytest.fixture
def losing(server: RunningServer) -> Iterator[Callable[..., tuple[Micro, Losing]]]:
    """Open the client on a network that loses the first answers of each write."""
    opened: list[Micro] = []

    def start(lost: int = 1) -> tuple[Micro, Losing]:
        network = Losing(lost)
        client = Micro(
            api_key=server.key,
            team_id=server.team,
            base_url=server.url,
            http_client=httpx.Client(transport=network),
            _strict_response_validation=True,
        )
        opened.append(client)
        return client, network

    yield start
    for client in opened:
        client.close()


def count(client: Micro, kind: str = "contacts") -> int:
    return int(getattr(client.prism.objects, kind).count().total)


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_answer_to_a_write_without_key_doubles_nothing(losing: Callable[..., Any], lost: int) -> None:
    client, network = losing(lost)
    contacts = client.prism.objects.contacts
    before = count(client)
    made = contacts.create(default={"full_name": f"Ada {uuid.uuid4()}"})
    assert contacts.get(made.id).id == made.id
    contacts.duplicate(made.id)
    job = contacts.bulk_create(objects=[{"default": {"full_name": "Bob"}}, {}])
    assert [row.created for row in job.results or []] == [True, True]
    large = contacts.bulk_create(objects=[{"default": {"full_name": "Cy"}}] * 100)
    assert large.job_id
    assert contacts.bulk_update(items=[{"id": made.id, "default": {"title": "Dr"}}]).summary.succeeded == 1
    deleted = contacts.bulk_delete(ids=[made.id])
    assert [(row.id, row.status) for row in deleted.results] == [(made.id, "ok")]
    contacts.restore(made.id)
    contacts.delete(made.id)
    while client.prism.imports.get(large.job_id).status == "processing":
        pass
    assert count(client) == before + 1 + 2 + 100
    attempts = [str(number) for number in range(lost + 1)]
    assert network.counts == attempts * 8
    assert network.replayed == ([None] + ["true"] * lost) * 8


def test_equal_writes_are_not_taken_for_repeats(losing: Callable[..., Any]) -> None:
    client, _ = losing(0)
    before = count(client, "engagements")
    for _ in range(3):
        client.prism.objects.engagements.create(default={})
    assert count(client, "engagements") == before + 3


def test_another_key_or_request_is_no_repeat(server: RunningServer) -> None:
    body = {"default": {"full_name": f"Eve {uuid.uuid4()}"}}

    def create(attempt: str, **changed: Any) -> httpx.Response:
        headers = {"x-api-key": server.key, COUNT: attempt}
        url = f"{server.url}/v2/prism/{server.team}/contact"
        return httpx.post(url, json=changed or body, headers=headers, trust_env=False)

    first = create("0")
    assert create("1").json() == first.json()
    assert create("01").json() == first.json()
    others = [create("0"), create("1", default={"full_name": f"Eve {uuid.uuid4()}"}), create("x"), create("-1")]
    assert len({answer.json()["id"] for answer in (first, *others)}) == 5
    assert all("idempotent-replay" not in answer.headers for answer in others)
