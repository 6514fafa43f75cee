"""The server that a command uses, from the official client's variables or from options."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from prismd.importer.calls import ClientError, Outside, PrismClient

BASE_URL: Final = "http://127.0.0.1:8400"


def client_for(given: Mapping[str, Any], environment: Mapping[str, str], outside: Outside) -> PrismClient:
    """Return a client of the server that options or variables name.

    Args:
        given: ``base_url`` and ``team`` from the command line, or None.
        environment: The environment, for ``MICRO_API_KEY``, ``MICRO_TEAM_ID`` and ``MICRO_BASE_URL``.
        outside: Clock and random numbers.

    Raises:
        ClientError: The key or the team is missing.
    """
    key = environment.get("MICRO_API_KEY", "").strip()
    team = given["team"] or environment.get("MICRO_TEAM_ID", "").strip()
    if not key:
        raise ClientError("MICRO_API_KEY is not set; it must hold the API key")
    if not team:
        raise ClientError("no team is given; set MICRO_TEAM_ID or give --team")
    base_url = given["base_url"] or environment.get("MICRO_BASE_URL", "").strip() or BASE_URL
    return PrismClient(base_url, key, team, outside)


def real_outside() -> Outside:
    """Return the clock and random numbers of this machine."""
    return Outside(time.sleep, time.monotonic, random.random, lambda: datetime.now(UTC))
