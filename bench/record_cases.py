"""What is asked of the record API: the requests of the benchmark, by what they try."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from bench.http import Http
from bench.people import CITIES
from bench.prism import path
from launch.server import Server

#: Rows of a page: the default of the contract.
PAGE_ROWS: Final = 25
#: How deep the deep page is.
DEEP: Final = 1_000
#: Contacts for each organization: so many have the company that is asked for.
PER_COMPANY: Final = 50

#: Method, path and body of a request.
Request = tuple[str, str, bytes | None]
Query = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stock:
    """What there is to ask for.

    Args:
        server: The server.
        count: Contacts.
        emails: Of some of them.
        ids: Of the same ones.
    """

    server: Server
    count: int
    emails: list[str]
    ids: list[str]


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request.

    Args:
        name: What it does.
        request: Makes the request of a number; no two of a writing case may be the same.
        slow: Whether it takes seconds: then it is sent once a run, by one client alone.
        writes: Whether it changes something.
        first: Whether the first such request makes keys of the values of a property, which is told apart.
    """

    name: str
    request: Callable[[int], Request]
    slow: bool = False
    writes: bool = False
    first: bool = False


def cases(stock: Stock) -> list[Case]:
    """Return all cases but those of pages.

    Args:
        stock: What there is.
    """
    server, some = stock.server, len(stock.ids)
    numbers = itertools.count()

    def create(_: int) -> Request:
        values = {
            "email": f"new.{next(numbers)}@example.org",
            "full_name": "Ada Peña",
            "city": "Lisboa",
            "title": "Buyer",
        }
        return "POST", path(server, "/contact"), msgspec.json.encode({"default": values})

    def get(number: int) -> Request:
        return "GET", path(server, f"/contact/{stock.ids[number % some]}"), None

    def by_email(number: int) -> Request:
        return query(server, filter=[{"email": {"=": stock.emails[number % some]}}])

    def ask(**parts: Any) -> Callable[[int], Request]:  # noqa: ANN401 - JSON
        return lambda _: query(server, **parts)

    def city(number: int) -> Request:
        return query(server, filter=[{"city": {"=": CITIES[number % len(CITIES)][0]}}])

    def by_company(number: int) -> Request:
        name = company_name(number % max(1, stock.count // PER_COMPANY))
        return query(server, filter=[{"company.name": {"=": name}}])

    middle = f"-{stock.count // 2}"
    return [
        Case("create", create, writes=True),
        Case("get by id", get),
        Case("query: email equals", by_email),
        Case("query: city equals, shared by 2 %", city, first=True),
        Case("query: company.name equals", by_company, first=True),
        Case("query: newest first", ask(sort=[{"id": "desc"}])),
        Case("query: newest first, company.name shown", ask(select=["email", "company.name"], sort=[{"id": "desc"}])),
        Case("query: title contains a word of every seventh", ask(filter=[{"title": {"contains": "Nurse"}}])),
        Case("query: linkedin contains what one has", ask(filter=[{"linkedin": {"contains": middle}}]), slow=True),
        Case("query: sorted by linkedin", ask(sort=[{"linkedin": "asc"}]), slow=True),
    ]


def pages(stock: Stock) -> tuple[Case, Case]:
    """Return the first page of the list and a deep one, which is found by going there."""
    server = stock.server
    first = path(server, f"/contact?limit={PAGE_ROWS}")
    depth = max(2, min(DEEP, stock.count // PAGE_ROWS // 2))
    place = ""
    with Http(server.url, {"x-api-key": server.key}) as client:
        for _ in range(depth - 1):
            answer = client.json("GET", f"{first}{place}")
            place = f"&cursor={answer['next_cursor']}"
    deep = f"{first}{place}"
    return (
        Case("list: page 1", lambda _: ("GET", first, None)),
        Case(f"list: page {depth:,} by cursor", lambda _: ("GET", deep, None)),
    )


def query(server: Server, **parts: Any) -> Request:  # noqa: ANN401 - JSON
    """Return the request of a query; without a selection it shows three properties."""
    wanted: Query = {"select": ["email", "full_name", "city"], "limit": PAGE_ROWS, **parts}
    return "POST", path(server, "/contact/query"), msgspec.json.encode({"query": wanted})


def company_name(number: int) -> str:
    """Return the name of an organization."""
    return f"Company {number} Ltd"
