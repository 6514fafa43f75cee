"""What became of the imports that were accepted: every row has its result, and none is a fault of the server."""

from __future__ import annotations

import json
import time
from typing import Any, Final

import httpx

from tests.isolation.world import World

_PATIENCE_S: Final = 300.0
_LOOK_S: Final = 0.2
_PAGE: Final = 50


class Imports:
    """The imports of a team.

    Args:
        world: The team.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: set[str] = set()

    def faults(self) -> list[str]:
        """Wait for the end of all imports, and return what is wrong with those that were not looked at before."""
        deadline, found = time.monotonic() + _PATIENCE_S, list[str]()
        while waiting := [job for job in self._jobs() if job["status"] == "processing"]:
            if time.monotonic() > deadline:
                return [f"{len(waiting)} imports have not ended after {_PATIENCE_S:.0f} s"]
            time.sleep(_LOOK_S)
        for job in self._jobs():
            if job["job_id"] not in self._seen:
                self._seen.add(job["job_id"])
                found += self._wrong(job)
        return found

    def _jobs(self) -> list[Any]:
        jobs, cursor = list[Any](), None
        while True:
            page = self._asked("/imports", limit=_PAGE, **({"cursor": cursor} if cursor else {}))
            jobs += page["data"]
            cursor = page["next_cursor"]
            # What was seen has ended, and so has all before it.
            if not page["has_more"] or page["data"][-1]["job_id"] in self._seen:
                return jobs

    def _wrong(self, job: Any) -> list[str]:  # noqa: ANN401 - JSON
        name = f"import {job['job_id']}"
        if job["status"] != "complete":
            return [f"{name} ended as {job['state']}: {job.get('error')}"]
        ended = job["succeeded"] + job["failed"]
        lost = [] if ended == job["total"] else [f"{name} has {ended} results for {job['total']} rows"]
        return lost + [f"{name}, row {row}: {message}" for row, message in self._internal_errors(job["job_id"])]

    def _internal_errors(self, job_id: str) -> list[tuple[int, str]]:
        path = f"{self._world.url}/v2/prism/{self._world.team}/imports/{job_id}/results"
        headers = {"x-api-key": self._world.key, "accept": "application/x-ndjson"}
        with self._world.http.stream("GET", path, params={"outcome": "failed"}, headers=headers) as lines:
            results = (json.loads(line) for line in lines.iter_lines())
            return [
                (result["input_index"], result["error"]["message"])
                for result in results
                if result["error"]["code"] == "internal_error"
            ]

    def _asked(self, path: str, **params: Any) -> Any:  # noqa: ANN401 - JSON
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                answer = self._world.send("GET", path, params=params)
                if answer.is_success or time.monotonic() > deadline:
                    return answer.raise_for_status().json()
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_LOOK_S)
