from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.files.decoding import as_utf8, canonical_encoding, decoded, lines_of
from prismd.files.opening import open_file
from prismd.files.rows import FileProblemError


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.lists(st.integers(min_value=0)))
def test_text_decodes_the_same_wherever_the_bytes_are_cut(text: str, places: list[int]) -> None:
    for encoding in ("utf-8", "utf-16", "utf-32"):
        found = "".join(decoded(iter(cut(text.encode(encoding), places)), encoding))
        assert found == text.removeprefix("\ufeff")


@given(st.lists(st.text(alphabet="ab\r\n\x0b\x85\u2028", max_size=5)))
def test_only_newlines_and_carriage_returns_end_lines(pieces: list[str]) -> None:
    text = "".join(pieces)
    lines = list(lines_of(iter(pieces)))
    assert "".join(lines) == text
    assert list(lines_of(iter([text]))) == lines
    for line in lines[:-1]:
        assert line.endswith(("\n", "\r"))
    for line in lines:
        inner = line.removesuffix("\n").removesuffix("\r") if line.endswith("\r\n") else line[:-1]
        assert "\n" not in inner
        assert "\r" not in inner


def test_a_byte_order_mark_is_dropped() -> None:
    assert "".join(decoded(iter([b"\xef", b"\xbb\xbfemail"]), "utf-8")) == "email"
    assert "".join(decoded(iter(["email".encode("utf-16")]), "utf-16")) == "email"


@pytest.mark.parametrize("places", [[], [4], [12], [13], [5, 9, 13]])
def test_a_bad_byte_is_named_by_line_and_place(places: list[int]) -> None:
    data = "é,b\r\nx,y\n".encode() + b"caf\xe9,z\n"
    with pytest.raises(FileProblemError, match=r"^line 3, byte 14 of the file: 0xE9 is not UTF-8; .*--encoding"):
        list(decoded(iter(cut(data, places)), "utf-8"))


def test_a_character_cut_off_by_the_end_is_a_bad_byte() -> None:
    with pytest.raises(FileProblemError, match="byte 2 of the file: 0xC3"):
        list(decoded(iter([b"a\xc3"]), "utf-8"))


def test_utf_16_by_mistake_is_recognised() -> None:
    with pytest.raises(FileProblemError, match="--encoding utf-16"):
        list(decoded(iter(["a,b\n".encode("utf-16")]), "utf-8"))


def test_utf_16_without_its_mark_is_refused() -> None:
    with pytest.raises(FileProblemError, match="UTF-16"):
        list(decoded(iter([b"a\x00b\x00"]), "utf-16"))


@pytest.mark.parametrize(
    ("encoding", "data", "hint"),
    [
        ("utf-8", b"caf\xe9\n", "cp1252"),
        ("utf-8", b"a\x81\n", "mac-roman"),
        ("cp1252", b"a\x81\n", "mac-roman"),
        ("cp1252", "a\u0441\u0402\n".encode(), "utf-8"),
        ("ascii", "é\n".encode(), "utf-8"),
        ("ascii", b"\xe9\n", "cp1252"),
        ("utf-8-sig", b"a\xc3", "cp1252"),
    ],
)
def test_an_encoding_that_failed_is_never_recommended(encoding: str, data: bytes, hint: str) -> None:
    with pytest.raises(FileProblemError, match=f"--encoding, such as {hint}$"):
        list(decoded(iter([data]), encoding))


@pytest.mark.parametrize(
    ("data", "encoding", "named"),
    [
        (b"\xef\xbb\xbfname\n", "cp1252", "utf-8"),
        ("name\n".encode("utf-16"), "cp1252", "utf-16"),
        ("name\n".encode("utf-16"), "utf-8", "utf-16"),
        ("name\n".encode("utf-16-le"), "utf-8", "utf-16-le"),
        ("name\n".encode("utf-16-be"), "latin1", "utf-16-be"),
    ],
)
def test_an_encoding_that_the_file_contradicts_is_refused(
    tmp_path: Path, data: bytes, encoding: str, named: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(FileProblemError, match=f"give --encoding {named}$"):
        open_file(path, encoding=encoding)
    assert open_file(path, encoding=named).source.columns == ("name",)


@pytest.mark.parametrize(
    "name", ["no-such-thing", "rot13", "hex", "with space", "nul\0", "unicode_escape", "idna", "undefined"]
)
def test_an_unknown_encoding_is_refused(name: str) -> None:
    with pytest.raises(FileProblemError, match="no encoding"):
        canonical_encoding(name)


def test_other_encodings_become_utf_8() -> None:
    assert canonical_encoding("Latin1") == "iso8859-1"
    assert b"".join(as_utf8(iter([b"caf\xe9"]), "iso8859-1")) == "café".encode()
