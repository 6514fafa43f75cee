"""The wheel: it holds all that prismd needs, and what production installs is free of what only tests need."""

from __future__ import annotations

import contextlib
import email
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel that is built from this tree."""
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-P", "-m", "hatchling", "build", "--target", "wheel", "--directory", str(place)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [built] = place.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The names of the files in it."""
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


def test_production_installs_nothing_but_what_prismd_needs() -> None:
    dev = {name_of(wanted) for wanted in PROJECT["dependency-groups"]["dev"]}
    direct = {name_of(wanted) for wanted in PROJECT["project"]["dependencies"]}
    assert not dev & locked("requirements.txt")
    assert direct <= locked("requirements.txt") <= needed(direct)


def needed(direct: set[str]) -> set[str]:
    """Distributions, and all that they need on whatever system, as those that are installed here say."""
    found, waiting = set(), list(direct)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            with contextlib.suppress(metadata.PackageNotFoundError):  # it is for another system
                waiting += [name_of(wanted) for wanted in metadata.requires(name) or []]
    return found


def name_of(wanted: str) -> str:
    """Return the name in a requirement, as locks write it."""
    matched = re.match(r"[A-Za-z0-9._-]+", wanted)
    assert matched
    return re.sub(r"[._-]+", "-", matched[0]).lower()


def test_what_the_wheel_says_of_itself_is_what_the_project_says(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        [name] = [name for name in files.namelist() if name.endswith(".dist-info/METADATA")]
        said = email.message_from_bytes(files.read(name))
    assert said["Version"] == PROJECT["project"]["version"] == metadata.version("prismd")
    assert set(said.get_all("Requires-Dist", [])) == {
        re.sub(r"; sys_platform", "; sys_platform", wanted) for wanted in PROJECT["project"]["dependencies"]
    }
    assert said.get_all("Provides-Extra") is None
