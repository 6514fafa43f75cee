"""Files as they are unpacked: plain, or packed by gzip, zstd or ZIP, with a limit on what comes out."""

from __future__ import annotations

import gzip
import lzma
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import IO, Final, Literal, Protocol, cast

import zstandard

from prismd.files.limits import LIMITS, FileLimits
from prismd.files.rows import CHUNK_BYTES, FileProblemError

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_SUFFIXES: Final = {"gzip": (".gz", ".gzip"), "zstd": (".zst", ".zstd"), "zip": (".zip",)}
#: The most packed bytes that are unpacked in one step: a step of zstd makes at most 64 MiB of them.
_STEP_BYTES: Final = 2048
#: The most memory that the frames of zstd may ask for.
_WINDOW_BYTES_MAX: Final = 2**27
_SHOWN_MAX: Final = 20
#: What programs add to archives besides the files that people put there.
_ADDED: Final = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
#: Parts that tell that an archive is a document: a workbook, and not files that somebody packed.
_DOCUMENTS: Final = ("[content_types].xml", "mimetype")


_BROKEN: Final = (
    EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, zstandard.ZstdError, lzma.LZMAError,
)  # fmt: skip


class Source(Protocol):
    """Where the bytes of a file come from: a path, or anything else that can be opened any number of times."""

    @property
    def name(self) -> str:
        """The name of the file."""
        ...

    def open(self, mode: Literal["rb"], /) -> IO[bytes]:
        """Return the bytes of the file, from their beginning."""
        ...


class MemberInDoubtError(FileProblemError):
    """An archive holds several files, and nobody has chosen one.

    Args:
        members: Their names.
    """

    def __init__(self, members: tuple[str, ...]) -> None:
        shown = ", ".join(f'"{name}"' for name in members[:_SHOWN_MAX])
        more = f" and {len(members) - _SHOWN_MAX} more" if len(members) > _SHOWN_MAX else ""
        super().__init__(f"the archive holds {len(members)} files: {shown}{more}; name one with --member")
        self.members = members


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file, unpacked.

    Args:
        source: The file.
        name: The name that tells the format: without the suffix of the packing, or that of the file in the archive.
        packing: ``gzip``, ``zstd``, ``zip``, or None for a plain file.
        member: The file in the archive.
        limits: What it may cost.
    """

    source: Source
    name: str
    packing: str | None = None
    member: str | None = None
    limits: FileLimits = LIMITS

    def chunks(self) -> Generator[bytes]:
        """Yield the unpacked bytes.

        Raises:
            FileProblemError: The file cannot be read, is broken or cut off, or unpacks to more than the limits allow.
        """
        try:
            with self.source.open("rb") as file:
                yield from self._bounded(file, self._unpacked(file))
        except _BROKEN as error:
            raise FileProblemError(f"the packed file is broken or cut off ({error}); pack it again") from None
        except OSError as error:
            raise FileProblemError(f"cannot be read: {error.strerror}") from None

    def beginning(self) -> bytes:
        """Return the first bytes, as many as one chunk has.

        Raises:
            FileProblemError: As for :meth:`chunks`.
        """
        chunks = self.chunks()
        try:
            return next(chunks, b"")
        finally:
            chunks.close()

    @contextmanager
    def as_plain_file(self) -> Iterator[Path]:
        """Give the path of a plain file with this content, which is removed afterwards where it was made for this.

        Raises:
            FileProblemError: As for :meth:`chunks`, or there is no room for it.
        """
        if self.packing is None and isinstance(self.source, Path):
            yield self.source
            return
        most, count = self.limits.plain_bytes_max, 0
        try:
            with NamedTemporaryFile(prefix="prismd-") as file:
                for chunk in self.chunks():
                    count += len(chunk)
                    if count > most:
                        raise FileProblemError(f"a file of this format may have at most {most:,} bytes; save it as CSV")
                    file.write(chunk)
                file.flush()
                yield Path(file.name)
        except OSError as error:
            raise FileProblemError(f"it cannot be unpacked to a temporary file: {error.strerror}") from None

    def _unpacked(self, file: IO[bytes]) -> Iterator[bytes]:
        if self.packing == "gzip":
            return _read(cast("IO[bytes]", gzip.GzipFile(fileobj=file)))
        if self.packing == "zstd":
            return _zstd_chunks(file)
        if self.packing == "zip":
            return _read(zipfile.ZipFile(file).open(self.member or ""))
        return _read(file)

    def _bounded(self, file: IO[bytes], chunks: Iterator[bytes]) -> Iterator[bytes]:
        if self.packing is None:
            yield from chunks
            return
        limits, count = self.limits, 0
        packed = file.seek(0, 2)
        file.seek(0)
        allowed = max(limits.unpacked_free_bytes, packed * limits.unpacked_ratio_max)
        allowed = min(allowed, limits.unpacked_bytes_max)
        for chunk in chunks:
            count += len(chunk)
            if count > allowed:
                raise FileProblemError(
                    f"the packed file of {packed:,} bytes unpacks to more than {allowed:,}; unpack it first, if it is "
                    "what you expect"
                )
            yield chunk


def content_of(source: Source, member: str | None = None, limits: FileLimits = LIMITS) -> Content:
    """Return the content of a file, unpacked where it is packed.

    Args:
        source: A regular file, or what can be opened as one.
        member: The file in a ZIP archive; None where it holds one.
        limits: What it may cost.

    Raises:
        MemberInDoubtError: An archive holds several files.
        FileProblemError: The file cannot be read, is no archive, or is packed twice.
    """
    try:
        if isinstance(source, Path) and source.exists() and not source.is_file():
            raise FileProblemError(
                "expected a regular file, because it is read twice; give - to read standard input, or save the data to "
                "a file first"
            )
        with source.open("rb") as file:
            packing = _packing(file)
    except OSError as error:
        raise FileProblemError(f"cannot be read: {error.strerror}") from None
    if packing == "zip":
        content = _member_of(source, member, limits)
    elif member is not None:
        raise FileProblemError("--member names a file in a ZIP archive, and this file is none; leave it out")
    else:
        content = Content(source, _bare(source.name, packing), packing, None, limits)
    if content.packing and content.beginning().startswith((_GZIP, _ZSTD)):
        raise FileProblemError("the file is packed twice; unpack it once first")
    return content


def _packing(file: IO[bytes]) -> str | None:
    head = file.read(4)
    if head.startswith(_GZIP):
        return "gzip"
    if head == _ZSTD:
        return "zstd"
    if head not in _ZIP:
        return None
    try:
        names = zipfile.ZipFile(file).namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, OverflowError, RuntimeError):
        raise FileProblemError("the file begins as a ZIP archive or workbook and is broken or cut off") from None
    return None if _is_workbook(names) else "zip"


def _is_workbook(names: list[str]) -> bool:
    return any(name.lower() in _DOCUMENTS for name in names)


def _member_of(source: Source, wanted: str | None, limits: FileLimits) -> Content:
    with source.open("rb") as opened, zipfile.ZipFile(opened) as archive:
        found = archive.infolist()
    if len(found) > limits.members_max:
        raise FileProblemError(f"the archive holds more than {limits.members_max:,} files; unpack it first")
    files = {one.filename: one for one in found if not one.is_dir() and not _is_added(one.filename)}
    if wanted is None and len(files) > 1:
        raise MemberInDoubtError(tuple(files))
    if not files:
        raise FileProblemError("the archive holds no file")
    name = next(iter(files)) if wanted is None else wanted
    if name not in files:
        shown = ", ".join(f'"{one}"' for one in list(files)[:_SHOWN_MAX])
        raise FileProblemError(f'--member: the archive holds no file "{name}"; it holds {shown}')
    if files[name].flag_bits & 1:
        raise FileProblemError("the archive is protected by a password; unpack it first")
    content = Content(source, PurePosixPath(name).name, "zip", name, limits)
    try:
        beginning = content.beginning()
    except (NotImplementedError, RuntimeError):
        raise FileProblemError("the archive is packed in a way that is not read here; unpack it first") from None
    if beginning[:4] in _ZIP:
        with content.as_plain_file() as unpacked, unpacked.open("rb") as file:
            if _packing(file) is not None:
                raise FileProblemError("the archive holds another archive; unpack it once first")
    return content


def _is_added(name: str) -> bool:
    return name.startswith(_ADDED[0]) or PurePosixPath(name).name in _ADDED


def _bare(name: str, packing: str | None) -> str:
    for suffix in _SUFFIXES.get(packing or "", ()):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _zstd_chunks(file: IO[bytes]) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES_MAX)
    frame = decompressor.decompressobj()
    begun = False
    while packed := file.read(_STEP_BYTES):
        while packed:
            if frame.eof:
                frame = decompressor.decompressobj()
            begun = True
            chunk = frame.decompress(packed)
            packed = frame.unused_data if frame.eof else b""
            if chunk:
                yield chunk
    if begun and not frame.eof:
        raise EOFError("its end is missing")
