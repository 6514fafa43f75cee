"""The memory of a real server for bodies of the allowed size that are made to cost as much as they can."""

from __future__ import annotations

import re
import secrets
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from tests.isolation.world import World, new_team
from tests.processes import PATIENCE_S, RunningServer, none_left, start_prismd, url_of

if TYPE_CHECKING:
    from subprocess import Popen

MIB: Final = 2**20
#: The largest body of an import, here smaller than by default, so that many can be tried; and of any other request.
LARGE: Final = 16 * MIB
SMALL: Final = MIB
#: What an import may take beside its own bytes, in bytes for each; and any other request.
FACTOR_LARGE: Final = 5
FACTOR_SMALL: Final = 20
BUDGET: Final = 48 * MIB

#: A beginning, what is repeated, and an end.
Shape = tuple[str, str, str]

#: What is repeated may count itself.
SHAPES: Final[dict[str, Shape]] = {
    "members of one object": ("{", '"%d":0,', '"z":0}'),
    "members of objects": ('{"objects":{', '"%d":0,', '"z":0}}'),
    "objects as members": ("{", '"%d":{},', '"z":0}'),
    "empty arrays": ('{"objects":[', "[],", "[]]}"),
    "empty objects": ('{"objects":[', "{},", "{}]}"),
    "numbers": ('{"objects":[', "1,", "1]}"),
    "empty texts": ('{"objects":[', '"",', '""]}'),
    "commas in texts": ('{"objects":["', ",[{", '"]}'),
    "one row of arrays": ('{"objects":[{"default":{"full_name":[', "[],", "[]]}}]}"),
    "one row of members": ('{"objects":[{"default":{', '"%d":{},', '"z":0}}]}'),
    "one row of texts": ('{"objects":[{"default":{', '"%d":"",', '"z":""}}]}'),
    "one row of a text": ('{"objects":[{"default":{"full_name":"', "x", '"}}]}'),
    "one row of a text in another plane": ('{"objects":[{"default":{"full_name":"\N{GRINNING FACE}', "x", '"}}]}'),
    "options": ('{"objects":[],"options":[', "[],", "[]]}"),
    "options by name": ('{"objects":[],"options":{', '"%d":[],', '"z":0}}'),
    "a member that means nothing": ('{"objects":[],"x":[', "[],", "[]]}"),
    "two of them": ('{"objects":[],"y":"', "y", '","x":[[],[]]}'),
    "the rows twice": ('{"objects":[],"objects":[', "{},", "{}]}"),
    "no objects": ("[", "[],", "[]]"),
    "deep nesting": ("", "[", ""),
    "nesting in a row": ('{"objects":[{"default":{"full_name":', "[", ""),
    "escapes and an end that is missing": ('{"objects":["', "\\n", '"'),
    "halves of surrogate pairs": ('{"objects":["', "\\ud800", '"]}'),
    "halves in rows": ('{"objects":[', '{"default":{"full_name":"\\ud800"}},', "{}]}"),
    "cut off": ('{"objects":[', "[],", ""),
    "blanks": ('{"objects":[', " ", "]}"),
    "digits": ('{"objects":[', "1", "]}"),
    "an exponent of digits": ('{"objects":[{"default":{"full_name":1e', "1", "}}]}"),
    "a query": ('{"query":{"select":[],"filter":[', "{},", "{}]}}"),
    "conditions": ('{"query":{"select":[],"filter":[', '{"name":{"=":"%d"}},', '{"name":{"=":""}}]}}'),
    "ids": ('{"query":{"select":[]},"id":[', '"%d",', '""]}'),
}


def body_of(shape: Shape, size: int) -> bytes:
    """Return a body of a shape, as large as it may be."""
    begin, repeated, end = (part.encode() for part in shape)
    if b"%d" not in repeated:
        return begin + repeated * ((size - len(begin) - len(end)) // len(repeated)) + end
    number, pieces, left = 0, [begin], size - len(begin) - len(end)
    while left > len(repeated) + 10:
        pieces.append(repeated % number)
        left -= len(pieces[-1])
        number += 1
    return b"".join([*pieces, end])


class Measured:
    """A real server, and the memory that it takes."""

    def __init__(self, world: World, process: Popen[str]) -> None:
        self.world = world
        self._status = Path(f"/proc/{process.pid}/status")
        self._refs = Path(f"/proc/{process.pid}/clear_refs")

    def taken(self, work: Callable[[], Any]) -> int:
        """Return how many bytes of memory the server took more at most, while something was done, than before."""
        before = self._read("VmRSS")
        self._refs.write_text("5")
        work()
        return self._read("VmHWM") - before

    def _read(self, name: str) -> int:
        found = re.search(rf"{name}:\s+(\d+) kB", self._status.read_text())
        assert found
        return int(found[1]) * 1024


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, make_database: Callable[[], str]) -> Iterator[Measured]:
    database_url = make_database()
    environment = {
        "PRISMD_DATABASE_URL": database_url,
        "PRISMD_BODY_BYTES_MAX": str(LARGE),
        "PRISMD_BODIES_BYTES_MAX": str(BUDGET),
        "PRISMD_TEAM_BODIES_BYTES_MAX": str(BUDGET),
        "PRISMD_WORKERS": "0",
        "MICRO_API_KEY": secrets.token_urlsafe(24),
        # Memory that is given back is seen to be, and none is kept for each thread.
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_TRIM_THRESHOLD_": str(MIB),
    }
    with none_left(), httpx.Client(timeout=PATIENCE_S, trust_env=False) as http:
        process = start_prismd(["serve", "--port", "0"], environment, tmp_path_factory.mktemp("measured"))
        server = RunningServer(url_of(process), "", "", database_url, process)
        world = new_team(server, http)
        for path in ("/contact/import", "/contact/query"):
            assert world.send("POST", path, json={"objects": [], "query": {"select": []}}).status_code in {200, 400}
        yield Measured(world, process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


def answered(world: World, path: str, body: bytes) -> httpx.Response:
    answer = world.send("POST", path, content=body)
    assert answer.status_code in {200, 202, 400, 413, 429}, (answer.status_code, answer.text[:300])
    return answer


@pytest.mark.parametrize("name", SHAPES)
def test_a_large_body_takes_its_own_bytes_and_little_more(measured: Measured, name: str) -> None:
    body = body_of(SHAPES[name], LARGE)
    taken = measured.taken(lambda: answered(measured.world, "/contact/import", body))
    assert taken < FACTOR_LARGE * LARGE, f"{taken / LARGE:.1f} bytes for each"


@pytest.mark.parametrize("path", ["/contact/query", "/contact", "/organization/views", "/contact/batch/update"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_small_body_takes_little(measured: Measured, name: str, path: str) -> None:
    body = body_of(SHAPES[name], SMALL)
    taken = measured.taken(lambda: answered(measured.world, path, body))
    assert taken < FACTOR_SMALL * SMALL, f"{taken / SMALL:.1f} bytes for each"


def test_many_at_once_take_no_more_than_the_budget_lets_in(measured: Measured) -> None:
    names = ("empty objects", "options", "escapes and an end that is missing")
    bodies = [body_of(SHAPES[name], LARGE) for name in names]

    def send() -> list[int]:
        with ThreadPoolExecutor(12) as pool:
            sent = [pool.submit(answered, measured.world, "/contact/import", body) for body in bodies * 4]
            return [one.result().status_code for one in sent]

    assert measured.taken(send) < FACTOR_LARGE * BUDGET
