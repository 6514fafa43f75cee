"""The wheel: it holds all that prismd needs, and what production installs is free of what only tests need."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel that is built from this tree."""
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-P", "-m", "hatchling", "build", "--target", "wheel", "--directory", str(place)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = place.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def locked(lock: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / lock).read_text(), re.MULTILINE))


def test_the_wheel_holds_every_file_of_the_package(names: set[str]) -> None:
    source = ROOT / "src"
    files = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    wanted = {name for name in files if "__pycache__" not in name}
    assert any(name.endswith(".sql") for name in wanted)
    assert wanted <= names


def test_the_wheel_brings_the_command_and_the_licence(names: set[str]) -> None:
    endings = {name.split(".dist-info/")[1] for name in names if ".dist-info/" in name}
    assert {"entry_points.txt", "licenses/LICENSE"} <= endings


def test_the_wheel_holds_nothing_else_than_the_package(names: set[str]) -> None:
    assert {name.split("/")[0].split("-")[0] for name in names} == {"prismd"}


def test_production_installs_no_tools_of_tests() -> None:
    tools = locked("requirements-dev.txt") - locked("requirements.txt")
    assert {"pytest", "hypothesis", "mypy", "ruff", "micro-so", "hatchling"} <= tools
