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
#: Of functions in services and worker, keyword-only ones included.
ARGUMENTS_MAX = 4
#: Methods by which connections and sessions begin and end transactions.
TRANSACTION_CALLS = frozenset({"commit", "rollback", "transaction"})
SESSION = re.compile(r"(^|\.)session$|^Session\(")
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


def modules_of(*layers: str) -> list[Path]:
    return [path for path in modules() if name_of(path).startswith(tuple(f"src/prismd/{layer}/" for layer in layers))]


def functions_in(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def arguments_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the names of all arguments but the object or class that a method belongs to."""
    given = function.args
    every = [*given.posonlyargs, *given.args, given.vararg, *given.kwonlyargs, given.kwarg]
    return [one.arg for one in every if one is not None and one.arg not in ("self", "cls")]


def transactions_by_hand(tree: ast.Module) -> list[str]:
    """Return the calls that begin, commit or roll back a transaction, except those of a session."""
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    ends = [one for one in called if isinstance(one, ast.Attribute) and one.attr in TRANSACTION_CALLS]
    by_session = {one for one in ends if one.attr == "transaction" and SESSION.search(ast.unparse(one.value))}
    return [ast.unparse(one) for one in ends if one not in by_session]


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


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("def f(): ...", 0),
        ("class C:\n    def f(self, a, /, b, *, c, d): ...", 4),
        ("class C:\n    @classmethod\n    async def f(cls, a, b, c, d, e): ...", 5),
        ("def f(a, b, c, *d, **e): ...", 5),
    ],
)
def test_arguments_are_counted(source: str, number: int) -> None:
    [one] = functions_in(ast.parse(source))
    assert len(arguments_of(one)) == number


# Not in the store, whose functions take the parameters of their statements.
@pytest.mark.parametrize("module", modules_of("services", "worker"), ids=name_of)
def test_a_function_takes_few_arguments(module: Path) -> None:
    many = {
        one.name: arguments_of(one)
        for one in functions_in(ast.parse(module.read_text(encoding="utf-8")))
        if len(arguments_of(one)) > ARGUMENTS_MAX
    }
    assert not many, "what travels together is one value, such as a transaction"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("with session.transaction() as transaction: ...", []),
        ("with Session(runtime, 1).transaction() as transaction: ...", []),
        ("with transaction.savepoint(): ...", []),
        ("with self.connection.transaction(): ...", ["self.connection.transaction"]),
        ("pool.commit()\nself._connection.rollback()", ["pool.commit", "self._connection.rollback"]),
        ("transactions.commit(connection, 1)", ["transactions.commit"]),
    ],
)
def test_transactions_by_hand_are_seen(source: str, found: list[str]) -> None:
    assert transactions_by_hand(ast.parse(source)) == found


@pytest.mark.parametrize("module", modules_of("services", "worker", "api"), ids=name_of)
def test_nothing_begins_or_commits_by_hand(module: Path) -> None:
    owners = {"src/prismd/services/session.py", "src/prismd/services/runtime.py"}
    found = transactions_by_hand(ast.parse(module.read_text(encoding="utf-8")))
    assert not found or name_of(module) in owners, "sessions and runtimes own transactions"


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
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-peers.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            assert re.fullmatch(r"#.*|[a-z0-9-]+==\S+( ; .*?)? \\| {4}--hash=sha256:[0-9a-f]{64}( \\)?", line), line
