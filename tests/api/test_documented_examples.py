"""The requests that the pages show are answered, as they stand, with success; those of errors.md are refused."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Api

DOCS = Path(__file__).parents[2] / "docs"

#: Bodies that stand alone: page, what tells the body from others, and the request that the page says it is for.
BODIES = [
    ("views.md", "view_type", "POST", "/deal/views"),
    ("properties.md", "options", "POST", "/contact/properties"),
    ("grants.md", "team_group_id", "PUT", "/deal/{recordId}/grant"),
    ("lists.md", "ticket_size", "POST", "/deal?list_id={listId}"),
]


@dataclass(frozen=True)
class Example:
    page: str
    method: str
    path: str
    body: str | None = None

    def __str__(self) -> str:
        return f"{self.page} {self.method} {self.path}"


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def examples() -> list[Example]:
    found = []
    for page in sorted({*DOCS.glob("*.md")} - {DOCS / "errors.md"}):
        for block in blocks(page):
            for request in re.finditer(
                r"^(GET|POST|PUT|PATCH|DELETE) (\S+)[ \t]*\n?(\{(?:.|\n)*)?", block, re.MULTILINE
            ):
                body = request[3] and request[3][: json.JSONDecoder().raw_decode(request[3])[1]]
                found.append(Example(page.name, request[1], request[2], body))
            for name, told_by, method, path in BODIES:
                if page.name == name and block.startswith("{") and told_by in block:
                    found.append(Example(name, method, path, block))
    return found


@pytest.fixture
def list_id(api: Api) -> str:
    """A list of the template that the pages speak of."""
    made: str = api.send("POST", "/lists", json={"template_id": "deal_flow"}).json()["id"]
    return made


def filled(api: Api, list_id: str, text: str, object_type: str) -> str:
    """Put real ids where a page says that there is one."""
    text = text.replace("/v2/prism/{teamId}", "").replace("{listId}", list_id).replace("01920000-…", list_id)
    while "{recordId}" in text or '"…"' in text:
        made = api.send("POST", f"/{object_type}", json={"default": {}})
        assert made.status_code == 201, made.text
        text = re.sub(r'\{recordId\}|(?<=")…(?=")', made.json()["id"], text, count=1)
    return text.replace("{objectType}", object_type)


@pytest.mark.parametrize("example", examples(), ids=str)
def test_a_request_of_a_page_is_answered(api: Api, list_id: str, example: Example) -> None:
    named = example.path.removeprefix("/v2/prism/{teamId}").split("/")[1].split("?")[0]
    # Pages that say {objectType} go on to speak of contacts, or of the deals of a list.
    object_type = {"{objectType}": "contact" if "email" in (example.body or "") else "deal"}.get(named, named)
    path = filled(api, list_id, example.path, object_type)
    body = None if example.body is None else filled(api, list_id, example.body, object_type)
    if "ticket_size" in (body or ""):
        size = {"name": "Ticket size", "type": "num", "list_id": list_id}
        assert api.send("POST", "/deal/properties", json=size).status_code == 201
    answer = api.send(example.method, path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code < 300, answer.text


def test_examples_are_found_on_every_page_that_has_requests() -> None:
    assert {example.page for example in examples()} >= {
        "queries.md", "records.md", "lists.md", "realtime.md", "views.md", "properties.md", "grants.md",
    }  # fmt: skip
    assert all(
        any(example.page == page and example.method == method for example in examples())
        for page, _, method, _ in BODIES
    )
