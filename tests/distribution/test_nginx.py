"""``deploy/nginx.conf``, tried: TLS, addresses, bodies, event streams and WebSockets through a real nginx."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from prismd.settings import Settings
from tests.processes import PATIENCE_S, ended, eventually, start_prismd, url_of

CONF = Path(__file__).parents[2] / "deploy" / "nginx.conf"
TEAM, KEY = "2b9d1c7e-3f0a-4c55-9f5e-6a1d2c3b4a59", "test-Zk4vXw9cQ7hT2mLr8sYb"

needs_nginx = pytest.mark.skipif(
    shutil.which("nginx") is None or shutil.which("openssl") is None, reason="nginx or openssl is not installed here"
)


@dataclass
class Proxied:
    """A prismd behind nginx.

    Args:
        url: Of nginx.
        inner: Of prismd itself.
        certificate: That clients trust.
        server: The process of prismd.
    """

    url: str
    inner: str
    certificate: Path
    server: subprocess.Popen[str]
    http: httpx.Client

    def send(self, method: str, path: str, *, key: str = KEY, **request: Any) -> httpx.Response:
        headers = {"x-api-key": key, **request.pop("headers", {})}
        whole = path if path.startswith("/v2/") else f"/v2/prism/{TEAM}{path}"
        return self.http.request(method, self.url + whole, headers=headers, **request)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def as_tried(conf: str, place: Path, ports: tuple[int, int], upstream: str) -> str:
    """Return the configuration with the ports, files and server of a test, inside what Debian puts around it."""
    tls, plain = ports
    changed = re.sub(r"listen \[::\]:\d+.*;\n", "", conf)
    for pattern, wanted in (
        (r"listen 443", f"listen 127.0.0.1:{tls}"),
        (r"listen 80", f"listen 127.0.0.1:{plain}"),
        (r"server 127\.0\.0\.1:8400", f"server {upstream.removeprefix('http://')}"),
        (r"prism\.example\.org;", "localhost;"),
        (r"ssl_certificate .*;", f"ssl_certificate {place}/cert.pem;"),
        (r"ssl_certificate_key .*;", f"ssl_certificate_key {place}/key.pem;"),
        (r"access_log \S+", f"access_log {place}/access.log"),
    ):
        changed, count = re.subn(pattern, wanted, changed)
        assert count, pattern
    temporary = "".join(
        f"{name}_temp_path {place}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    return (
        f"{user} daemon off; pid {place}/pid; error_log {place}/error.log; events {{}} "
        f"http {{ {temporary} access_log off;\n{changed}\n}}"
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("nginx")
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", names, "-keyout", place / "key.pem", "-out", place / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return place / "cert.pem"


@pytest.fixture
def proxied(tmp_path: Path, certificate: Path) -> Iterator[Proxied]:
    tls, plain = free_port(), free_port()
    environment = {
        "MICRO_TEAM_ID": TEAM, "MICRO_API_KEY": KEY, "PRISMD_TRUSTED_PROXIES": "127.0.0.1",
        "PRISMD_PUBLIC_URL": f"https://localhost:{tls}", "PRISMD_WRONG_KEYS_PER_MINUTE_MAX": "1",
        "PRISMD_ROWS_PER_CHUNK": "10",
    }  # fmt: skip
    server = start_prismd(["serve", "--port", "0"], environment, tmp_path)
    inner = url_of(server)
    conf = certificate.parent / "nginx.conf"
    conf.write_text(as_tried(CONF.read_text(), certificate.parent, (tls, plain), inner))
    nginx = subprocess.Popen(["nginx", "-c", conf], stderr=subprocess.PIPE, text=True)
    try:
        verify = ssl.create_default_context(cafile=str(certificate))
        with httpx.Client(verify=verify, http2=False, timeout=PATIENCE_S, trust_env=False) as http:
            eventually(lambda: nginx.poll() is not None or is_open(tls))
            assert nginx.poll() is None, nginx.stderr and nginx.stderr.read()
            yield Proxied(f"https://localhost:{tls}", inner, certificate, server, http)
    finally:
        nginx.send_signal(signal.SIGTERM)
        nginx.communicate(timeout=PATIENCE_S)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start_import(proxied: Proxied, rows: int) -> str:
    body = {"objects": [{"default": {"email": f"p{number}@example.org"}} for number in range(rows)]}
    answer = proxied.send("POST", "/contact/import", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


@needs_nginx
def test_requests_arrive_as_they_were_sent(proxied: Proxied) -> None:
    slashes = "a/b c%2F+&?#é"
    body = {"name": "Path", "slug": "path", "type": "str"}
    assert proxied.send("POST", "/contact/properties", json=body).status_code == 201
    made = proxied.send("POST", "/contact", json={"default": {"path": slashes}}, headers={"idempotency-key": "one"})
    assert made.status_code == 201
    exact = "".join(f"%{byte:02X}" for byte in slashes.encode())
    found = proxied.send("GET", f"/contact/by/path/{exact}")
    assert (found.status_code, found.json()["id"]) == (200, made.json()["id"])
    again = proxied.send("POST", "/contact", json={"default": {"path": slashes}}, headers={"idempotency-key": "one"})
    assert again.headers["idempotent-replay"] == "true"
    unchanged = proxied.send("GET", f"/contact/{made.json()['id']}", headers={"if-none-match": made.headers["etag"]})
    assert unchanged.status_code == 304
    assert made.headers["strict-transport-security"]
    large = proxied.send("GET", "/contact", params={"cursor": "x" * 12_000})
    assert large.status_code == 400


@needs_nginx
def test_nobody_lends_himself_another_address(proxied: Proxied) -> None:
    """Two wrong keys a minute are one too many, whatever the client says of where it comes from."""
    statuses = [
        proxied.send("GET", "/contact/count", key=f"wrong-{number}", headers={"x-forwarded-for": f"10.0.0.{number}"})
        for number in range(3)
    ]
    assert [answer.status_code for answer in statuses] == [403, 429, 429]


@needs_nginx
def test_an_event_stream_comes_as_it_is_written(proxied: Proxied) -> None:
    job = start_import(proxied, 2000)
    path = f"{proxied.url}/v2/prism/{TEAM}/imports/{job}/events"
    with proxied.http.stream("GET", path, headers={"x-api-key": KEY}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        first = json.loads(next(line for line in lines if line.startswith("data: ")).removeprefix("data: "))
        assert first["processed"] < 2000
        assert [line for line in lines if line.startswith("event: ")][-1] == "event: end"


@needs_nginx
def test_a_web_socket_goes_through(proxied: Proxied) -> None:
    ticket = proxied.send("POST", "/v2/realtime/ticket").json()
    assert ticket["ws_url"] == f"{proxied.url.replace('https', 'wss')}/v2/realtime"
    verify = ssl.create_default_context(cafile=str(proxied.certificate))
    address = f"{ticket['ws_url']}?token={ticket['ticket']}"
    with connect(address, ssl=verify, proxy=None, open_timeout=PATIENCE_S) as stream:
        assert json.loads(stream.recv(timeout=PATIENCE_S))["type"] == "hello"
        made = proxied.send("POST", "/contact", json={"default": {"full_name": "Ada"}}).json()["id"]
        assert made in str(stream.recv(timeout=PATIENCE_S))
    log = proxied.certificate.with_name("access.log")
    eventually(lambda: '/v2/realtime" 101' in log.read_text())
    assert ticket["ticket"] not in log.read_text()


@needs_nginx
def test_what_nginx_answers_by_itself_looks_like_what_prismd_answers(proxied: Proxied, tmp_path: Path) -> None:
    too_large = proxied.send("POST", "/contact/import", content=b"x" * (64 * 2**20 + 1))
    assert (too_large.status_code, too_large.json()["error"]["code"]) == (413, "payload_too_large")
    environment = {"SSL_CERT_FILE": str(proxied.certificate), "PRISMD_PUBLIC_URL": proxied.url}
    _, out, _ = ended(start_prismd(["doctor"], environment, tmp_path))
    assert re.search(rf"^ok +exposure +TLS stands in front\nok +reachability +{proxied.url} answers", out, re.MULTILINE)
    proxied.server.send_signal(signal.SIGTERM)
    assert ended(proxied.server)[0] == 0
    away = proxied.send("GET", "/contact/count")
    assert (away.status_code, away.json()["error"]["code"]) == (503, "service_unavailable")
    assert (away.headers["retry-after"], away.headers["cache-control"]) == ("1", "private, no-store")


def test_the_configuration_lets_through_as_much_as_prismd_takes() -> None:
    text, settings = CONF.read_text(), Settings()
    assert f"client_max_body_size        {settings.body_bytes_max // 2**20}m;" in text
    assert f"large_client_header_buffers 4 {settings.request_line_bytes_max // 2**10}k;" in text
    assert f"server 127.0.0.1:{settings.port};" in text
    waits = re.findall(r"proxy_(?:read|send)_timeout (\d+)s", text)
    assert all(int(wait) > 2 * settings.events_heartbeat_s for wait in waits)
