"""A file that is refused is closed, also while somebody keeps the reason."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from prismd.files.opening import open_file
from prismd.files.rows import FileProblemError


def is_open(path: Path) -> bool:
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if entry.readlink() == path:
                return True
    return False


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"email,email\n" + b"a@x.org,b@x.org\n" * 200_000),
        ("a.csv", b"email\na@x.org\n" + b"x" * 3_000_000 + b"\xff\n" + b"a@x.org\n" * 200_000),
        ("a.json", b'{"objects": [], "objects": []}' + b" " * 3_000_000),
    ],
    ids=["header", "byte", "member"],
)
def test_a_file_is_closed_when_it_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileProblemError) as kept:
        list(open_file(path).rows())
    assert not is_open(path), kept
    with pytest.raises(FileProblemError) as also_kept:
        open_file(path).survey(lambda _: None)
    assert not is_open(path), also_kept


def test_a_file_is_open_while_its_rows_are_read_and_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"email\n" + b"a@x.org\n" * 200_000)
    file = open_file(path)
    assert not is_open(path)
    rows = iter(file.rows())
    next(rows)
    assert is_open(path)
    del rows
    assert not is_open(path)
