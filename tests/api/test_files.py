"""Uploaded files over HTTP: whole or not at all, kept once, bounded, and each team's own."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from prismd.services.files.uploads import PART_BYTES, Announced, add_bytes, begin_upload
from prismd.services.session import Session
from prismd.store.connections.postgres import connect
from prismd.worker.retention import Purge
from tests.conftest import sole
from tests.processes import PATIENCE_S, eventually

if TYPE_CHECKING:
    from tests.api.conftest import Api
    from tests.conftest import Clock
    from tests.processes import RunningServer

CONTENT = b"Name,Email\nAda,ada@example.org\n"


def upload(
    api: Api, content: bytes | Iterator[bytes] = CONTENT, name: str = "people.csv", **more: Any
) -> httpx.Response:
    return api.send("POST", "/files", params={"name": name}, content=content, **more)


def parts(api: Api) -> list[tuple[str, int]]:
    """Return the parts that a team has, by content and place, beyond what its requests may see."""
    with api.runtime.of_all_teams() as connection:
        found = connection.execute(
            "SELECT content_id::text, start FROM file_part WHERE team_id = %s ORDER BY 1, 2", (api.team_id(),)
        )
        return found.fetchall()


def files(api: Api) -> list[str]:
    with api.runtime.of_all_teams() as connection:
        return [state for (state,) in connection.execute("SELECT state FROM file WHERE team_id = %s", (api.team_id(),))]


def purge(api: Api) -> None:
    with connect(api.database_url, api.settings) as connection:
        connection.autocommit = True
        worker, steps = sole(api.runtime, connection), Purge()
        while steps.step(worker):
            pass


def broken(api: Api, head: str, body: bytes, method: str = "POST", path: str = "/files?name=a.csv") -> None:
    """Send a request, and leave before the end of its body."""
    address = urlsplit(api.url)
    assert address.hostname
    with socket.create_connection((address.hostname, address.port or 0)) as client:
        lines = f"{method} {api.path(path)} HTTP/1.1\r\nhost: x\r\nx-api-key: {api.key}\r\n{head}\r\n"
        client.sendall(lines.encode() + body)
        eventually(lambda: files(api))


def test_a_file_comes_back_as_it_was_sent(api: Api) -> None:
    content = os.urandom(2 * PART_BYTES + 17)
    answer = upload(api, content, "Ünï people.csv")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["sha256"] == hashlib.sha256(content).hexdigest()
    assert (made["name"], made["size"], made["received"], made["whole"]) == (
        "Ünï people.csv", len(content), len(content), True,
    )  # fmt: skip
    assert answer.headers["location"] == api.path(f"/files/{made['id']}")
    assert api.send("GET", f"/files/{made['id']}").json() == made
    read = api.send("GET", f"/files/{made['id']}/content")
    assert read.content == content
    assert read.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%9Cn%C3%AF%20people.csv"
    assert [start for _, start in parts(api)] == [0, PART_BYTES, 2 * PART_BYTES]


def test_a_file_without_bytes_is_a_file(api: Api) -> None:
    made = upload(api, b"").json()
    assert (made["size"], made["sha256"]) == (0, hashlib.sha256(b"").hexdigest())
    assert api.send("GET", f"/files/{made['id']}/content").content == b""


def test_a_body_in_chunks_of_unknown_length_is_taken(api: Api) -> None:
    def pieces() -> Iterator[bytes]:
        for number in range(300):
            yield b"%d" % number * 3_000

    whole = b"".join(pieces())
    made = api.send("POST", "/files", params={"name": "a.csv"}, content=pieces()).json()
    assert (made["size"], made["sha256"]) == (len(whole), hashlib.sha256(whole).hexdigest())


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="people.csv"', "people.csv"),
        ("attachment; filename=people.csv", "people.csv"),
        ("attachment; filename*=UTF-8''%C3%A9.csv", "é.csv"),
    ],
)
def test_the_name_can_stand_in_a_header(api: Api, header: str, name: str) -> None:
    made = api.send("POST", "/files", content=CONTENT, headers={"content-disposition": header})
    assert made.json()["name"] == name


@pytest.mark.parametrize(
    "name", ["../etc/passwd", "a\\b.csv", "a\nb.csv", "a\0.csv", "..", "x" * 256, " ", "\u202egnp.csv"]
)
def test_what_is_no_name_of_a_file_is_refused(api: Api, name: str) -> None:
    answer = upload(api, name=name)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["field"] == ".query.name"
    assert files(api) == []


def test_a_file_without_a_name_is_refused(api: Api) -> None:
    answer = api.send("POST", "/files", content=CONTENT)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["field"]) == (400, ".query.name")


def test_two_names_that_differ_are_refused(api: Api) -> None:
    answer = upload(api, headers={"content-disposition": 'attachment; filename="other.csv"'})
    assert answer.status_code == 400


def test_the_same_bytes_are_recognised_and_kept_once(api: Api) -> None:
    content = os.urandom(PART_BYTES + 1)
    first, second = upload(api, content).json(), upload(api, content, "again.csv").json()
    assert first["same_as"] is None
    assert second["same_as"] == first["id"]
    assert second["name"] == "again.csv"
    purge(api)
    assert {content_id for content_id, _ in parts(api)} == {first["id"]}
    assert api.send("DELETE", f"/files/{first['id']}").status_code == 204
    purge(api)
    assert api.send("GET", f"/files/{second['id']}/content").content == content
    assert api.send("DELETE", f"/files/{second['id']}").status_code == 204
    purge(api)
    assert (parts(api), files(api)) == ([], [])


def test_a_deleted_file_is_gone_with_its_bytes(api: Api) -> None:
    made = upload(api).json()
    assert api.send("DELETE", f"/files/{made['id']}").status_code == 204
    for path in (f"/files/{made['id']}", f"/files/{made['id']}/content"):
        assert api.send("GET", path).status_code == 404
    assert api.send("GET", "/files").json()["data"] == []
    assert api.send("DELETE", f"/files/{made['id']}").status_code == 404
    assert (parts(api), files(api)) == ([], [])


def test_files_are_listed_in_pages_newest_first(api: Api) -> None:
    made = [upload(api, b"%d" % number).json()["id"] for number in range(5)]
    listed, cursor = [], None
    while True:
        page = api.send("GET", "/files", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        listed += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert listed == made[::-1]


@pytest.mark.parametrize("head", [f"content-length: {5 * PART_BYTES}\r\n", "transfer-encoding: chunked\r\n"])
def test_a_body_that_breaks_off_leaves_nothing(api: Api, head: str) -> None:
    body = os.urandom(2 * PART_BYTES)
    if "chunked" in head:
        body = b"%x\r\n" % len(body) + body + b"\r\n"
    broken(api, head, body)
    eventually(lambda: not files(api))
    assert parts(api) == []


def test_what_a_killed_server_leaves_is_swept_away(api: Api, clock: Clock) -> None:
    """The row and the parts of an upload whose process has gone, as a kill leaves them."""
    session = Session(api.runtime, api.team_id())
    file = session.do(begin_upload, Announced(name="a.csv"))
    file = session.do(add_bytes, file, b"some")
    purge(api)
    assert (len(parts(api)), files(api)) == (1, ["open"])
    assert api.send("GET", "/files").json()["data"] == []
    assert api.send("GET", f"/files/{file.id}/content").status_code == 409
    clock.advance(seconds=api.settings.upload_silence_s + 1)
    purge(api)
    assert (parts(api), files(api)) == ([], [])


def test_files_expire(api: Api, clock: Clock) -> None:
    made = upload(api).json()
    clock.advance(days=api.settings.file_retention_days, seconds=1)
    assert api.send("GET", f"/files/{made['id']}").status_code == 404
    purge(api)
    assert (parts(api), files(api)) == ([], [])


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(serve: Callable[..., Api], announced: bool) -> None:  # noqa: FBT001
    api = serve(file_bytes_max=PART_BYTES)
    content: Any = b"a" * (PART_BYTES + 1)
    answer = upload(api, content if announced else iter([content]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "payload_too_large")
    assert "PRISMD_FILE_BYTES_MAX" in answer.json()["error"]["message"]
    eventually(lambda: not files(api))
    assert parts(api) == []
    assert upload(api, content[:-1]).status_code == 201


@pytest.mark.parametrize("announced", [True, False])
def test_the_files_of_a_team_have_so_many_bytes(serve: Callable[..., Api], announced: bool) -> None:  # noqa: FBT001
    api = serve(files_bytes_max=100)
    assert upload(api, b"a" * 60).status_code == 201
    content: Any = b"b" * 60
    answer = upload(api, content if announced else iter([content]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "payload_too_large")
    eventually(lambda: files(api) == ["whole"])


def test_a_team_has_so_many_files(serve: Callable[..., Api]) -> None:
    api = serve(files_max=2)
    assert [upload(api, b"%d" % number).status_code for number in range(3)] == [201, 201, 429]
    assert upload(api).json()["error"]["code"] == "too_many_files"


def test_a_key_makes_a_file_once(api: Api) -> None:
    headers = {"idempotency-key": "one"}
    first, again = upload(api, headers=headers), upload(api, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replay"] == "true"
    other = upload(api, b"other", headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_mismatch")
    assert files(api) == ["whole"]


def test_files_are_each_teams_own(api: Api) -> None:
    made = upload(api).json()
    stranger = api.make_key("another-team-of-files")
    path = f"/v2/prism/another-team-of-files/files/{made['id']}"
    for method, tail in [("GET", ""), ("GET", "/content"), ("DELETE", "")]:
        assert api.send(method, path + tail, key=stranger).status_code == 404
    same = api.send(
        "POST", "/v2/prism/another-team-of-files/files", key=stranger, params={"name": "a.csv"}, content=CONTENT
    )
    assert same.json()["same_as"] is None


def test_files_need_the_scope_of_imports(api: Api) -> None:
    made = upload(api, key=api.make_key(None, "import:contact")).json()
    reader = api.make_key(None, "read", "write")
    assert upload(api, key=reader).json()["error"]["code"] == "missing_scope"
    for method, tail in [("GET", ""), ("GET", "/content"), ("DELETE", "")]:
        assert api.send(method, f"/files/{made['id']}{tail}", key=reader).status_code == 403
    assert api.send("GET", "/files", key=reader).status_code == 403


def test_the_audit_tells_of_files(api: Api) -> None:
    made = upload(api).json()
    api.send("DELETE", f"/files/{made['id']}")
    entries = api.send("GET", "/audit", params={"object_id": made["id"]}).json()["data"]
    by_action = {entry["action"]: entry["details"] for entry in entries}
    assert by_action.keys() == {"file.deleted", "file.uploaded"}
    assert by_action["file.uploaded"] == {"name": "people.csv", "bytes": len(CONTENT), "sha256": made["sha256"]}


def test_a_compressed_body_is_refused(api: Api) -> None:
    answer = upload(api, headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["error"]["errors"][0]["field"]) == (400, ".headers.content-encoding")


@pytest.mark.parametrize("file_id", ["not-an-id", "00000000-0000-0000-0000-000000000000", "%FF", "properties"])
def test_an_unknown_file_is_not_found(api: Api, file_id: str) -> None:
    for method, tail in [("GET", ""), ("GET", "/content"), ("DELETE", "")]:
        assert api.send(method, f"/files/{file_id}{tail}").status_code == 404


def test_a_large_file_takes_no_more_memory_than_a_small_one(server: RunningServer) -> None:
    size, piece = 300 * PART_BYTES, os.urandom(PART_BYTES)

    def peak_kib() -> int:
        lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])

    url = f"{server.url}/v2/prism/{server.team}/files?name=a.bin"
    with httpx.Client(timeout=PATIENCE_S, headers={"x-api-key": server.key}) as client:
        assert client.post(url, content=piece).status_code == 201
        Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")
        before = peak_kib()
        made = client.post(url, content=(piece for _ in range(size // PART_BYTES)))
        assert made.json()["size"] == size
        with client.stream("GET", f"{server.url}/v2/prism/{server.team}/files/{made.json()['id']}/content") as answer:
            assert sum(map(len, answer.iter_bytes())) == size
    assert peak_kib() - before < 40 * 1024
