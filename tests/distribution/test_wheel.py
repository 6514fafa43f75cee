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
    assert DIRECT <= locked("requirements.txt") <= needed(PROJECT["project"]["dependencies"])


def needed(wanted: list[str]) -> set[str]:
    """Distributions, and all that they need on whatever system, as those that are installed here say."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(wanted)
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        found.add(name_of(one))
        extras = re.findall(r"[a-z-]+", (re.search(r"\[(.*?)\]", one) or [""])[0])
        with contextlib.suppress(metadata.PackageNotFoundError):  # it is for another system
            for further in metadata.requires(name_of(one)) or []:
                asked_for = re.search(r"extra == ['\"](.*?)['\"]", further)
                if asked_for is None or asked_for[1] in extras:
                    waiting.append(further)
    return found


def name_of(wanted: str) -> str:
    """Return the name in a requirement, as locks write it."""
    matched = re.match(r"[A-Za-z0-9._-]+", wanted)
    assert matched
    return re.sub(r"[._-]+", "-", matched[0]).lower()


DIRECT = {name_of(wanted) for wanted in PROJECT["project"]["dependencies"]}


def test_what_the_wheel_says_of_itself_is_what_the_project_says(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        [name] = [name for name in files.namelist() if name.endswith(".dist-info/METADATA")]
        said = email.message_from_bytes(files.read(name))
    assert said["Version"] == PROJECT["project"]["version"]
    wanted = said.get_all("Requires-Dist", [])
    assert {name_of(one) for one in wanted if "extra ==" not in one} == DIRECT
    extras = PROJECT["project"]["optional-dependencies"]
    assert said.get_all("Provides-Extra") == list(extras) == ["parquet", "traces"]
    for extra, named in extras.items():
        asked_for = {name_of(one) for one in wanted if re.search(rf"extra == ['\"]{extra}['\"]", one)}
        assert asked_for == {name_of(one) for one in named}
        assert asked_for <= locked("requirements-dev.txt") - locked("requirements.txt")
