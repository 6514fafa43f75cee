"""The tool behind `make mutants`: what it changes, and that it tells what tests notice from what they do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mutants.__main__ import mutant_key, read_explained
from mutants.changes import mutants_of
from tests.processes import PATIENCE_S

ROOT = Path(__file__).parents[2]

FUNCTION = """
def f(a, b, c):
    {}
    return a
"""


def changes(statement: str) -> set[str]:
    return {one.change for one in mutants_of("f.py", FUNCTION.format(statement).encode())}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("a.left.append(b)", {"a.left.append(b) → pass"}),
        ("a.left = b", {"a.left = b → pass"}),
        ("a = a + b", {"a = a + b → pass", "a + b → a - b"}),
        ("b = a < c", {"a < c → a <= c"}),
        ("b = a is not c", {"a is not c → a is c"}),
        ("x = a or b or c", {f"a or b or c → (({one}) or ({two}))" for one, two in ("bc", "ac", "ab")}),
        ("b = 7 if a else 8", {"7 → 8", "8 → 9", "a → True", "a → False"}),
        ("x = a in (b, 'c', 7)", {"a in (b, 'c', 7) → a not in (b, 'c', 7)", "b → nothing", "'c' → nothing",
                                  "7 → nothing", "7 → 8"}),
        ("x = [y for y in b if y]", {"y → True", "y → False"}),
        ("x = min(a.strip())", {"min → max", "a.strip() → a"}),
        ("x = a.partition('xy')", {"partition → rpartition", "'xy' → 'x'"}),
        ("x: int | None = f'{a < b}'", set()),
        ("if not a: raise b", {"not a → True", "not a → False", "raise b → pass"}),
        ("while a < b: c()", {"a < b → False", "a < b → a <= b", "c() → pass"}),
        ("'a docstring, or as good as one'", set()),
        ("__all__ = ['a', 'b']", set()),
    ],
)  # fmt: skip
def test_what_is_changed(statement: str, expected: set[str]) -> None:
    assert changes(statement) == expected


@pytest.mark.parametrize("module", sorted((ROOT / "src/prismd/core").rglob("*.py")), ids=lambda path: path.stem)
def test_every_mutant_of_the_core_is_another_module_that_can_be_compiled(module: Path) -> None:
    source = module.read_bytes()
    mutants = mutants_of(module.name, source)
    for mutant in mutants:
        changed = mutant.applied_to(source)
        assert changed != source
        compile(changed, module.name, "exec", dont_inherit=True)
    assert len({(mutant.span, mutant.after) for mutant in mutants}) == len(mutants)


def test_every_explanation_is_about_a_mutant_of_the_present_code() -> None:
    explained = set(read_explained())
    files = {file: (ROOT / "src/prismd" / file).read_bytes() for file in {key[0] for key in explained}}
    assert explained <= {mutant_key(one) for file, source in files.items() for one in mutants_of(file, source)}


TESTS = """
from prismd.core.values.booleans import written_boolean

def test_words():
    assert written_boolean("True") is True
    assert written_boolean("FALSE") is False

def test_others():
    assert written_boolean("falsely") is None
"""


def tried(tests: str, directory: Path) -> subprocess.CompletedProcess[str]:
    (directory / "test_booleans.py").write_text(tests)
    ours = "import runpy, sys; sys.path.append('.'); runpy.run_module('mutants', {}, '__main__', True)"
    command = [sys.executable, "-P", "-c", ours, "core/values/booleans.py", "--tests", str(directory)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_what_tests_notice_is_not_listed(tmp_path: Path) -> None:
    done = tried(TESTS, tmp_path)
    assert "0 of 5 mutants survive" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_what_no_test_notices_is_listed_with_its_place(tmp_path: Path) -> None:
    done = tried(TESTS.replace('"True"', '"true"').replace('"FALSE"', '"false"'), tmp_path)
    assert done.returncode == 1, done.stderr
    assert "src/prismd/core/values/booleans.py:17 in written_boolean: " in done.stdout
    assert "text.lower() → text    (2 tests reach it)" in done.stdout
    assert "1 of 5 mutants survive" in done.stdout


def test_a_test_of_a_constant_alone_notices_its_changes(tmp_path: Path) -> None:
    tests = "from prismd.core.values.booleans import _WRITTEN\n\n"
    done = tried(tests + 'def test_words():\n    assert _WRITTEN == {"true": True, "false": False}\n', tmp_path)
    assert "_WRITTEN: Final" not in done.stdout
    assert "no test reaches it" in done.stdout


def test_tests_that_fail_anyway_tell_nothing(tmp_path: Path) -> None:
    done = tried(TESTS + "    assert False\n", tmp_path)
    assert done.returncode != 0
    assert "the tests must pass before anything is changed" in done.stderr
