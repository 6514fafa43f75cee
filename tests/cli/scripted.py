"""A Prism server that does as a test says, and time of the test; fixtures for :mod:`tests.cli.conftest`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from prismd.cli.importing.command import import_command
from prismd.importer.calls import Outside
from tests.scripted_prism import KEY, TEAM, ScriptedPrism, scripted_prism

Import = Callable[..., Result]


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


@pytest.fixture
def run(prism: ScriptedPrism, time: Time, tmp_path: Path) -> Import:
    """Import a file with the command, in this process."""

    def run_import(file: Path, *options: str, **environment: str | None) -> Result:
        variables = {
            "MICRO_BASE_URL": prism.url + "/",
            "MICRO_API_KEY": KEY,
            "MICRO_TEAM_ID": TEAM,
            "XDG_STATE_HOME": str(tmp_path / "state"),
            **environment,
        }
        arguments = [str(file), "--type", "contact", *options]
        return CliRunner().invoke(import_command, arguments, env=variables, obj=time.outside(), catch_exceptions=False)

    return run_import


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Five rows, the third of which the server refuses."""
    path = tmp_path / "people.csv"
    names = ["Ann", "Bob", "bad =1+1", "Dan", "Eve"]
    rows = "".join(f"{name.lower()}@x.org,{name},0050{place}\n" for place, name in enumerate(names))
    path.write_text("email,name,zip\n" + rows)
    return path
