"""A Prism server that does as a test says, and time of the test; fixtures for :mod:`tests.cli.conftest`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from prismd.importer.calls import Outside
from tests.scripted_prism import ScriptedPrism, scripted_prism


@dataclass
class Time:
    """Time that passes only while somebody sleeps."""

    slept: list[float] = field(default_factory=list)
    on_sleep: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.on_sleep()

    def outside(self) -> Outside:
        return Outside(self.sleep, lambda: sum(self.slept), lambda: 0.0, lambda: datetime(2026, 11, 23, tzinfo=UTC))


@pytest.fixture
def prism() -> Iterator[ScriptedPrism]:
    with scripted_prism() as running:
        yield running


@pytest.fixture
def time() -> Time:
    return Time()
