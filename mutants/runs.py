"""Tests run against mutants: each in a process of its own, two at a time, and no longer than is fair.

The process that starts the others has loaded all that tests load of other projects, and nothing of prismd. A process
that it forks loads prismd with one module changed, and runs those tests that reach the change, quick ones first, until
one fails.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import importlib.util
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

import hypothesis
import pytest

from mutants.changes import Mutant

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = ROOT / "src" / "prismd"

#: A run may take that many times as long as its tests took before, and some seconds to begin.
_SLOWER: Final = 4
_BEGIN_S: Final = 20
_MEMORY_BYTES: Final = 4 * 2**30
_POLL_S: Final = 0.01
_OPTIONS: Final = (
    "-x", "-q", "--noconftest", "--assert=plain", "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin",
    "--hypothesis-profile=mutants", "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"),
)  # fmt: skip

# The same input each time, and no time for finding the smallest that fails.
hypothesis.settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


@dataclass(slots=True)
class Reach:
    """What tests reach of the modules that are changed, while nothing is changed.

    Args:
        seconds: How long each test takes.
        tests: Of each file below the package and each line of it, the tests that run it.
        importers: Of each file below the package, the tests whose own module imports it.
        loaded: Modules of other projects that were loaded.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    tests: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    importers: dict[str, list[str]] = field(default_factory=dict)
    loaded: list[str] = field(default_factory=list)

    def of(self, mutant: Mutant) -> list[str]:
        """Return the tests that can tell a mutant, quick ones first; of a change of the module itself, all of it."""
        lines = self.tests.get(mutant.file, {})
        wanted = lines if mutant.lines is None else range(mutant.lines[0], mutant.lines[1] + 1)
        found = {test for line in wanted for test in lines.get(line, ())}
        if mutant.lines is None:
            found.update(self.importers.get(mutant.file, ()))  # a test of constants alone runs no line
        return sorted(found, key=self.seconds.__getitem__)


def reach(files: Iterable[str], places: Sequence[str]) -> Reach:
    """Run tests as they are, and return what they reach.

    Args:
        files: Modules below the package.
        places: Directories and files of tests.

    Raises:
        RuntimeError: They fail.
    """
    with tempfile.TemporaryDirectory() as place:
        said, log = Path(place, "said.json"), Path(place, "log")
        looked = _Looked({str(PACKAGE / file): file for file in files}, said)
        pid = _forked(lambda: pytest.main([*_OPTIONS, *places], plugins=[looked]), log)
        if os.waitpid(pid, 0)[1]:
            raise RuntimeError(f"the tests must pass before anything is changed:\n{log.read_text(errors='replace')}")
        return Reach(**_with_numbers(json.loads(said.read_text(encoding="utf-8"))))


def _with_numbers(read: dict[str, Any]) -> dict[str, Any]:
    tests = {file: {int(line): names for line, names in lines.items()} for file, lines in read["tests"].items()}
    return {**read, "tests": tests}


class _Looked:
    """A plugin of pytest that notes which test runs which lines.

    Args:
        files: Of the modules, by their whole path.
        place: Where it writes what it has noted.
    """

    def __init__(self, files: dict[str, str], place: Path) -> None:
        self._files = files
        self._place = place
        self._seconds: dict[str, float] = {}
        self._lines: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._importers: dict[str, list[str]] = defaultdict(list)
        self._test = ""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        modules = {_module(file): file for file in self._files.values()}
        imported = {path: _imported(path) for path in {item.path for item in session.items}}
        for item in session.items:
            for module in imported[item.path] & modules.keys():
                self._importers[modules[module]].append(_name(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._test, began = _name(item), time.monotonic()
        sys.settrace(self._enter)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self._seconds[self._test] = time.monotonic() - began

    def pytest_sessionfinish(self) -> None:
        tests = {file: {line: sorted(names) for line, names in lines.items()} for file, lines in self._lines.items()}
        said = {"seconds": self._seconds, "tests": tests, "importers": self._importers, "loaded": _of_others()}
        self._place.write_text(json.dumps(said), encoding="utf-8")

    def _enter(self, frame: FrameType, _event: str, _argument: object) -> Any:  # noqa: ANN401 - as sys.settrace has it
        return self._line if frame.f_code.co_filename in self._files else None

    def _line(self, frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 - as above
        if event == "line":
            self._lines[self._files[frame.f_code.co_filename]][frame.f_lineno].add(self._test)
        return self._line


def _imported(path: Path) -> set[str]:
    """Return the modules from which a module of tests imports names."""
    tree = ast.parse(path.read_bytes())
    return {one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) and one.module}


def _module(file: str) -> str:
    parts = ["prismd", *Path(file).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _of_others() -> list[str]:
    return [
        name
        for name, module in sys.modules.items()
        if "site-packages" in (getattr(module, "__file__", None) or "") and not name.startswith(("_pytest", "prismd"))
    ]


@dataclass(slots=True)
class Outcome:
    """What came of a mutant.

    Args:
        mutant: The mutant.
        tests: How many tests reach it.
        survives: None of them fails.
    """

    mutant: Mutant
    tests: int
    survives: bool


def outcomes(mutants: Sequence[Mutant], known: Reach, *, at_once: int) -> Iterator[Outcome]:
    """Run the tests against mutants and yield what comes of each, as soon as that is known.

    Args:
        mutants: All there are.
        known: What tests reach.
        at_once: How many processes run at a time.

    Raises:
        RuntimeError: Tests that ran before do not run any more.
    """
    for name in known.loaded:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.freeze()
    running: dict[int, tuple[Mutant, int, float]] = {}
    waiting = list(reversed(mutants))
    while waiting or running:
        while waiting and len(running) < at_once:
            mutant = waiting.pop()
            tests = known.of(mutant)
            if not tests:
                yield Outcome(mutant, 0, survives=True)
                continue
            seconds = _BEGIN_S + _SLOWER * sum(known.seconds[test] for test in tests)
            pid = _forked(partial(_tried, mutant, tests), Path(os.devnull))
            running[pid] = (mutant, len(tests), time.monotonic() + seconds)
        for pid, code in _ended(running):
            mutant, count, _ = running.pop(pid)
            if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
                raise RuntimeError(f"{mutant.file}:{mutant.line}: {mutant.change}: its tests cannot be run again")
            yield Outcome(mutant, count, survives=code == pytest.ExitCode.OK)
        time.sleep(_POLL_S)


def _ended(running: dict[int, tuple[Mutant, int, float]]) -> list[tuple[int, int]]:
    ended = []
    for pid, (_, _, deadline) in running.items():
        done, status = os.waitpid(pid, os.WNOHANG)
        if not done and time.monotonic() > deadline:
            # It is one of ours, and not yet waited for, so that nobody else has its id.
            os.kill(pid, signal.SIGKILL)
            done, status = os.waitpid(pid, 0)
        if done:
            ended.append((pid, os.waitstatus_to_exitcode(status)))
    return ended


def _forked(work: Callable[[], int], log: Path) -> int:
    """Have a new process do some work and end with its answer; return the id of the process."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    # Of plugins, tests of the core need one.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        with log.open("w") as output:
            for stream in (1, 2):
                os.dup2(output.fileno(), stream)
            code = int(work())
            sys.stdout.flush()
    finally:
        os._exit(code)


def _tried(mutant: Mutant, tests: Sequence[str]) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    sys.meta_path.insert(0, _Changed(mutant))
    files = dict.fromkeys(test.partition("::")[0] for test in tests)
    return pytest.main([*_OPTIONS, *files], plugins=[_Chosen(tests)])


def _name(item: pytest.Item) -> str:
    """Return the name of a test, by its whole path: pytest's own depends on what else is run."""
    return f"{item.path}::{item.nodeid.partition('::')[2]}"


class _Chosen:
    """A plugin of pytest that runs some tests, in a given order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._order = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = {self._order[name]: item for item in items if (name := _name(item)) in self._order}
        items[:] = [chosen[place] for place in sorted(chosen)]


class _Changed:
    """Finds the module that is changed, and loads it with the change."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._path = str(PACKAGE / mutant.file)
        self._name = _module(mutant.file)

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.util.spec_from_file_location(name, self._path, loader=_Loader(name, self._path, self._mutant))


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, mutant: Mutant) -> None:
        super().__init__(name, path)
        self._mutant = mutant

    def get_code(self, _fullname: str) -> CodeType:
        source = self._mutant.applied_to(Path(self.path).read_bytes())
        return compile(source, self.path, "exec", dont_inherit=True)
