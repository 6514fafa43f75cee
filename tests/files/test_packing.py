"""Packed files: what comes out is what was packed, and no more than the limits allow."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from prismd.files.limits import LIMITS
from prismd.files.opening import open_file
from prismd.files.packing import Content, MemberInDoubtError, content_of
from prismd.files.rows import FileProblemError

CSV = b"email,name\na@b.c,Ada\n"


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def packed(packing: str, data: bytes) -> bytes:
    if packing == "gzip":
        return gzip.compress(data)
    return zstandard.compress(data) if packing == "zstd" else zipped({"a.csv": data})


def whole(content: Content) -> bytes:
    return b"".join(content.chunks())


@pytest.mark.parametrize(
    ("packing", "name"), [("gzip", "a.csv.gz"), ("zstd", "a.csv.zst"), ("zip", "a.zip"), ("gzip", "a.csv")]
)
def test_a_packed_file_is_read_as_a_plain_one(tmp_path: Path, packing: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(packed(packing, CSV))
    content = content_of(path)
    assert (whole(content), content.name, content.packing) == (CSV, "a.csv", packing)
    file = open_file(path)
    assert [row.wire for row in file.rows()] == [b'{"default":{"email":"a@b.c","name":"Ada"}}']
    assert [row.wire for row in file.rows()] == [b'{"default":{"email":"a@b.c","name":"Ada"}}']


@given(data=st.binary(max_size=4_000), times=st.integers(1, 3), packing=st.sampled_from(["gzip", "zstd"]))
def test_files_in_several_parts_are_joined(
    data: bytes, times: int, packing: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("packed") / "a.csv"
    path.write_bytes(packed(packing, b"-" + data) * times)
    assert whole(content_of(path)) == (b"-" + data) * times


@pytest.mark.parametrize("packing", ["gzip", "zstd", "zip"])
def test_a_packed_file_that_is_cut_off_is_refused(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "a.csv"
    data = packed(packing, b"".join(b"%d,%d\n" % (n, n * n) for n in range(50_000)))
    for end in (len(data) - 1, len(data) // 2, 9):
        path.write_bytes(data[:end])
        with pytest.raises(FileProblemError, match="broken or cut off"):
            whole(content_of(path))


@pytest.mark.parametrize("packing", ["gzip", "zstd", "zip"])
def test_a_packed_file_with_changed_bytes_is_refused(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "a.csv"
    data = bytearray(packed(packing, b"".join(b"%d,%d\n" % (n, n * n) for n in range(50_000))))
    data[len(data) // 2 : len(data) // 2 + 8] = b"\xff" * 8
    path.write_bytes(data)
    if packing == "zstd":
        pytest.skip("zstd writes a checksum only where it is asked to")
    with pytest.raises(FileProblemError, match="broken or cut off"):
        whole(content_of(path))


@pytest.mark.parametrize("packing", ["gzip", "zstd", "zip"])
def test_a_bomb_is_refused_before_it_fills_anything(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(packed(packing, bytes(30_000_000)))
    limits = msgspec.structs.replace(LIMITS, unpacked_free_bytes=2**20, unpacked_ratio_max=10)
    with pytest.raises(FileProblemError, match=r"unpacks to more than 1,048,576"):
        whole(content_of(path, limits=limits))


def test_an_archive_of_several_files_asks_which(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"x/a.csv": CSV, "b.csv": CSV, "__MACOSX/a.csv": b"-", "x/.DS_Store": b"-"}))
    with pytest.raises(MemberInDoubtError, match=r'holds 2 files: "x/a.csv", "b.csv"; name one with --member'):
        content_of(path)
    content = content_of(path, "x/a.csv")
    assert (whole(content), content.name) == (CSV, "a.csv")
    with pytest.raises(FileProblemError, match=r'no file "c.csv"; it holds "x/a.csv"'):
        content_of(path, "c.csv")
    path.write_bytes(CSV)
    with pytest.raises(FileProblemError, match="--member names a file in a ZIP archive"):
        content_of(path, "x/a.csv")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (gzip.compress(gzip.compress(CSV)), "packed twice"),
        (zipped({"a.gz": gzip.compress(CSV)}), "packed twice"),
        (zipped({"a.zip": zipped({"a.csv": CSV})}), "another archive"),
        (zipped({}), "holds no file"),
        (b"PK\3\4....", "broken or cut off"),
    ],
    ids=("twice by gzip", "gzip in ZIP", "ZIP in ZIP", "empty ZIP", "broken ZIP"),  # packed bytes hold the time
)
def test_what_cannot_be_unpacked_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(FileProblemError, match=why):
        content_of(path)


def test_a_protected_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    data = bytearray(zipped({"a.csv": CSV}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(FileProblemError, match="protected by a password"):
        content_of(path)


def test_a_file_of_many_members_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({f"{n}.csv": b"" for n in range(11)}))
    with pytest.raises(FileProblemError, match="more than 10 files"):
        content_of(path, limits=msgspec.structs.replace(LIMITS, members_max=10))
