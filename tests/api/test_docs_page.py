"""The page about the API: it is read and tried in a real browser, which holds it to the strictest policy."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.processes import PATIENCE_S

if TYPE_CHECKING:
    from tests.api.conftest import Api

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

#: Opens the operation that counts records, fills it in, sends it, and tells status and body as they are shown.
TRY_IT: Final = """
(async () => {
  const wait = async (find) => {
    for (let turn = 0; turn < 600; turn++) {
      const found = find();
      if (found) return found;
      await new Promise((go) => setTimeout(go, 100));
    }
    throw new Error("it does not come: " + find);
  };
  const type = (field, value) => {
    const of = field instanceof HTMLSelectElement ? HTMLSelectElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(of.prototype, "value").set.call(field, value);
    field.dispatchEvent(new Event(of === HTMLSelectElement ? "change" : "input", {bubbles: true}));
  };
  const of = (part) => document.querySelector("#operations-Records-countRecords " + part);
  await wait(() => of(".opblock-summary-control"));
  ui.preauthorizeApiKey(SCHEME, KEY);
  of(".opblock-summary-control").click();
  type(await wait(() => of("tr[data-param-name=teamId] input")), TEAM);
  type(await wait(() => of("tr[data-param-name=objectType] select")), "contact");
  await new Promise((go) => setTimeout(go, 1500));  // fields tell a moment later what was typed
  of(".execute").click();
  await wait(() => of(".live-responses-table .response"));
  return of(".live-responses-table .response .response-col_status").textContent.trim() + " " +
    of(".live-responses-table .response .highlight-code").textContent;
})()
"""


class Page(HTMLParser):
    """What a page loads, and whether it has anything of its own that would run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self._open = tag
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        source = given.get("src") or (given.get("href") if tag == "link" else None)
        if source and source != "data:,":
            self.loads.append(source)

    def handle_data(self, data: str) -> None:
        if self._open in {"script", "style"} and data.strip():
            self.inline.append(data)


class Browser:
    """A tab of a browser, driven over its debugging protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.events: list[dict[str, Any]] = []

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv(timeout=PATIENCE_S))
            if said.get("id") == number:
                assert "error" not in said, said
                return dict(said["result"])
            self.events.append(said)

    def run(self, script: str) -> Any:
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def of(self, method: str) -> list[dict[str, Any]]:
        return [event["params"] for event in self.events if event["method"] == method]


@contextlib.contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = debugging_port(profile, process)
        target = json.loads(fetched(f"http://127.0.0.1:{port}/json/list"))[0]["webSocketDebuggerUrl"]
        with connect(target, proxy=None, max_size=None, open_timeout=PATIENCE_S) as socket:
            browser = Browser(socket)
            for domain in ("Page", "Network", "Log", "Runtime", "Audits"):
                browser.ask(f"{domain}.enable")
            yield browser
    finally:
        process.kill()
        process.wait()


def debugging_port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int((profile / "DevToolsActivePort").read_text().split()[0])
        time.sleep(0.1)
    pytest.fail("the browser did not start")


def fetched(url: str) -> bytes:
    import httpx  # noqa: PLC0415 - in this one place

    return httpx.get(url, timeout=PATIENCE_S, trust_env=False).content


def policy(api: Api) -> dict[str, str]:
    written = api.send("GET", "/docs", key=None).headers["content-security-policy"]
    return dict(part.strip().partition(" ")[::2] for part in written.split(";"))


def test_the_policy_lets_nothing_in_from_elsewhere_or_from_within_the_page(api: Api) -> None:
    assert policy(api) == {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:",
        "connect-src": "'self'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
    }  # fmt: skip
    answer = api.send("GET", "/docs", key=None)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_loads_files_of_the_server_alone_and_holds_no_script(api: Api) -> None:
    page = Page(api.send("GET", "/docs", key=None).text)
    assert page.inline == []
    for path in page.loads:
        assert not re.match(r"[a-z]+:|//", path)
        answer = api.send("GET", urljoin("/docs", path), key=None)
        assert answer.status_code == 200
        kind = "text/css" if path.endswith(".css") else "text/javascript"
        assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(page.loads) == 3


@pytest.mark.parametrize("name", ["%2e%2e", "..%2fapp.py", "index.html", "start.js%00", "%FF", "swagger-ui.js"])
def test_there_is_no_other_file(api: Api, name: str) -> None:
    assert api.send("GET", f"/docs/{name}", key=None).status_code in {400, 404}


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
def test_a_browser_shows_every_operation_tries_one_and_finds_nothing_to_refuse(api: Api, tmp_path: Path) -> None:
    document = api.send("GET", "/openapi.json", key=None).json()
    [scheme] = [name for name, one in document["components"]["securitySchemes"].items() if one["type"] == "apiKey"]
    given = {"SCHEME": scheme, "KEY": api.key, "TEAM": api.team}
    script = re.sub(r"\b(SCHEME|KEY|TEAM)\b", lambda found: json.dumps(given[found[1]]), TRY_IT)
    with browsing(tmp_path / "profile") as browser:
        browser.ask("Page.navigate", url=f"{api.url}/docs")
        shown = browser.run(script)
        count = browser.run("document.querySelectorAll('.opblock').length")
        browser.ask("Page.getFrameTree")
    assert shown.split()[0] == "200"
    assert '"total"' in shown
    assert count == sum(len(methods) for methods in document["paths"].values())
    requested = [event["request"]["url"] for event in browser.of("Network.requestWillBeSent")]
    assert f"{api.url}/v2/prism/{api.team}/contact/count" in requested
    foreign = [url for url in requested if not url.startswith((f"{api.url}/", "data:", "about:"))]
    assert foreign == []
    issues = [event["issue"]["code"] for event in browser.of("Audits.issueAdded")]
    assert "ContentSecurityPolicyIssue" not in issues
    refused = [
        event["entry"]["text"] for event in browser.of("Log.entryAdded") if event["entry"]["source"] == "security"
    ]
    assert refused == []
    assert browser.of("Runtime.exceptionThrown") == []
