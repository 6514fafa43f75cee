"""The few requests of the demonstration for which the official client has no method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from launch.server import Server


class Wire:
    """Plain HTTP to one team of a server."""

    def __init__(self, server: Server) -> None:
        self._http = httpx.Client(
            base_url=f"{server.url}/v2/prism/{server.team}/", headers={"x-api-key": server.key}, timeout=60
        )

    def option_slugs(self, object_type: str, slug: str) -> list[str]:
        """Return the option slugs of a select property."""
        properties = self._get(f"{object_type}/properties")[object_type].values()
        return [option["slug"] for prop in properties if prop["slug"] == slug for option in prop["options"]]

    def add_property(self, object_type: str, name: str, kind: str) -> str:
        """Create a custom property and return its slug."""
        answer = self._http.post(f"{object_type}/properties", json={"name": name, "type": kind})
        slug: str = answer.raise_for_status().json()["slug"]
        return slug

    def count(self, object_type: str) -> int:
        """Return how many records of a type the team has."""
        total: int = self._get(f"{object_type}/count")["total"]
        return total

    def jobs(self) -> list[dict[str, Any]]:
        """Return the team's import jobs, oldest first."""
        return list(self._pages("imports"))[::-1]

    def _get(self, path: str, **query: Any) -> Any:  # noqa: ANN401 - JSON is of any type
        return self._http.get(path, params=query).raise_for_status().json()

    def _pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - as above
        page = self._get(path, **query)
        yield from page["data"]
        while page["has_more"]:
            page = self._get(path, **query, cursor=page["next_cursor"])
            yield from page["data"]
