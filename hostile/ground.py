"""What hostile requests are about: teams with some of everything, and crowds of long records that refer to others."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Final

import httpx

from hostile.requests import Scale
from launch.server import Server, new_team
from tests.isolation.world import TEXTS, World

#: Records that refer to one: more than an answer shows of a reference read from its other side.
_CROWD: Final = 150
_PATIENCE_S: Final = 300.0


def world(server: Server, http: httpx.Client, data_dir: Path) -> World:
    """Return a new team with some of everything."""
    team, key = new_team(data_dir)
    made = World(server.url, team, key, http)
    made.fill()
    return made


def fatten(of: World, scale: Scale) -> None:
    """Give a team records that refer to each other in crowds, with long texts.

    Args:
        of: The team.
        scale: For the length of a text.
    """
    hub = of.one("record", "organization")
    text = "long " * (scale.fat_chars // 5)
    contacts = [{"default": {TEXTS["contact"]: text, "company": hub}} for _ in range(_CROWD)]
    identities = [{"default": {TEXTS["identity"]: text, "companies": [hub]}} for _ in range(_CROWD)]
    for object_type, rows in (("contact", contacts), ("identity", identities)):
        _done(of, of.send("POST", f"/{object_type}/import", content=json.dumps({"objects": rows})).json())


def _done(of: World, job: Any) -> None:  # noqa: ANN401 - JSON
    deadline = time.monotonic() + _PATIENCE_S
    while job["status"] == "processing":
        if time.monotonic() > deadline:
            raise TimeoutError(f"the records to be hostile about are not there yet: {job}")
        time.sleep(0.1)
        job = of.send("GET", f"/imports/{job['job_id']}").json()
    if job["failed"] or job["status"] != "complete":
        raise ValueError(f"the records to be hostile about were refused: {job.get('error') or job['failed']}")
