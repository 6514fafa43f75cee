"""`prismd import` while its server is killed and comes back: nothing is lost, doubled, or out of order."""

from __future__ import annotations

import csv
import socket
from pathlib import Path

import httpx

from tests.cli.serving import KEY, TEAM, Serve
from tests.processes import PATIENCE_S, ended, eventually, start_prismd, url_of


def test_an_import_outlives_its_server(serve: Serve, tmp_path: Path) -> None:
    path, results = tmp_path / "many.csv", tmp_path / "all.csv"
    path.write_text("email\n" + "".join(f"{n}@x.org\n" for n in range(20_000)))
    port = str(_free_port())
    server = serve("--port", port)
    url = url_of(server)
    variables = {"MICRO_API_KEY": KEY, "MICRO_TEAM_ID": TEAM, "MICRO_BASE_URL": url}
    arguments = ["--type", "contact", "--batch-rows", "500", "--results", str(results)]
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    process = start_prismd(["import", str(path), *arguments], {**variables, **state}, tmp_path)
    eventually(lambda: results.exists() and results.stat().st_size > 100_000)
    server.kill()
    server.wait()
    assert process.poll() is None, "it was killed in the middle"
    url_of(serve("--port", port))
    code, out, errors = ended(process)
    assert code == 0, errors
    assert "20,000 created" in out
    with results.open(newline="") as file:
        assert [(row["row"], row["outcome"]) for row in csv.DictReader(file)] == [
            (str(n + 1), "created") for n in range(20_000)
        ]
    answer = httpx.get(f"{url}/v2/prism/{TEAM}/contact/count", headers={"x-api-key": KEY}, timeout=PATIENCE_S)
    assert answer.json()["total"] == 20_000


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
