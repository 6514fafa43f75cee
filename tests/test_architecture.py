"""What the tree itself must keep: its arrows, rooms of a readable size, names that tell, nothing of one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES_MAX = 320
SAYS_NOTHING = re.compile(r"(^|_)(utils?|common|helpers?|managers?|misc)(_|$)")

# Spelled so that this file does not hold what it looks for.
REGISTRIES = re.compile(r"pypi[.]org|python[h]osted|npmjs[.]org|debian[.]org")
LOCAL_PATHS = re.compile(r"(?<![\w.}>-])/(?:home|root|work|opt|Users|tmp|var)/\w")


@cache
def files() -> list[Path]:
    """Return what is tracked, or would be with the next commit."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def modules() -> list[Path]:
    """Return all modules but the tests, which are lists of sentences and may be long."""
    return [path for path in files() if path.suffix == ".py" and "tests" not in path.relative_to(ROOT).parts]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_follow_the_arrows() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", modules(), ids=name_of)
def test_a_module_is_short(module: Path) -> None:
    assert module.read_text(encoding="utf-8").count("\n") <= LINES_MAX


@pytest.mark.parametrize("module", modules(), ids=name_of)
def test_a_module_says_first_what_it_is_for(module: Path) -> None:
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    assert docstring.partition("\n")[0].endswith((".", ":")), "it opens with a whole sentence"


def test_names_say_what_is_inside() -> None:
    parts = {part.partition(".")[0] for path in files() for part in path.relative_to(ROOT).parts}
    assert not [part for part in parts if SAYS_NOTHING.search(part)]


@pytest.mark.parametrize("pattern", [REGISTRIES, LOCAL_PATHS], ids=["registries", "local paths"])
def test_files_hold_nothing_of_one_machine(pattern: re.Pattern[str]) -> None:
    # What is deployed says where it lies on the machine that it is deployed to.
    found = [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in files()
        if path.name != "LICENSE" and not (pattern is LOCAL_PATHS and path.is_relative_to(ROOT / "deploy"))
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found


def test_the_lock_names_versions_and_hashes_alone() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            assert re.fullmatch(r"#.*|[a-z0-9-]+==\S+( ; .*?)? \\| {4}--hash=sha256:[0-9a-f]{64}( \\)?", line), line
