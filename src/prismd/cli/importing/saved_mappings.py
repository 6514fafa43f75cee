"""Mappings that people saved under a name, in their configuration directory; earlier ones help to map later tables."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from prismd.core.mapping.document import MappingDocument, NotAMappingError, read_document, written_document
from prismd.importer.calls import ClientError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}")
_KEPT_MAX: Final = 100


class SavedMappings:
    """The mappings of a user.

    Args:
        directory: Where they are; it is made when the first one is saved.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def wanted(self, name: str) -> MappingDocument:
        """Return the mapping of a file, or the one that was saved under a name.

        Args:
            name: A path or a name.

        Raises:
            ClientError: There is neither, or it is no mapping.
        """
        path = Path(name)
        if not path.is_file():
            path = self._path(name)
        try:
            return read_document(path.read_bytes())
        except NotAMappingError as error:
            raise ClientError(f"--map {name}: {error}") from None
        except OSError as error:
            raise ClientError(
                f"--map {name}: there is no such file, and no mapping saved under it ({error.strerror})"
            ) from None

    def save(self, name: str, document: MappingDocument) -> Path:
        """Save a mapping under a name, in place of an earlier one.

        Args:
            name: The name.
            document: The mapping.

        Raises:
            ClientError: The name cannot be one, or the file cannot be written.
        """
        path = self._path(name)
        part = path.with_suffix(".part")
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_bytes(written_document(document))
            part.replace(path)
        except OSError as error:
            raise ClientError(f"--save-mapping {name}: {path} cannot be written: {error.strerror}") from None
        return path

    def earlier(self) -> list[MappingDocument]:
        """Return the saved mappings, the newest first; files that are none are passed over."""
        found = []
        try:
            paths = sorted(self._directory.glob("*.json"), key=lambda path: -path.stat().st_mtime_ns)
        except OSError:
            return []
        for path in paths[:_KEPT_MAX]:
            try:
                found.append(read_document(path.read_bytes()))
            except (OSError, NotAMappingError):
                continue
        return found

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ClientError(
                f"{name!r} is no name of a mapping: expected letters, digits, blanks and . _ -, at most 100 characters"
            )
        return self._directory / f"{name}.json"


def mapping_directory(environment: Mapping[str, str]) -> Path:
    """Return the directory of saved mappings (XDG base directories: the user's configuration).

    Args:
        environment: Of the process.
    """
    config = environment.get("XDG_CONFIG_HOME", "")
    if not config.startswith("/"):
        home = environment.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - Path.home raises where there is none
        config = f"{home}/.config"
    return Path(config) / "prismd" / "mappings"
