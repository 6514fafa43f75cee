"""Mappings that people saved under a name, on the server or in their configuration directory; they map tables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from prismd.core.mapping.document import MappingDocument, NotAMappingError, read_document, written_document
from prismd.core.mapping.saved import EXPECTED, is_name
from prismd.importer.calls import ClientError
from prismd.importer.mappings import ServerMappings

#: Before the name of a mapping that is sought on the server alone.
ON_SERVER: Final = "server:"
_KEPT_MAX: Final = 100


class SavedMappings:
    """The mappings of a team and of a user.

    Args:
        directory: Where the user's are; it is made when the first one is saved.
        server: Those of the team; None where no server is asked.
        object_type: What the rows are that they may help to map.
    """

    def __init__(self, directory: Path, server: ServerMappings | None = None, object_type: str = "") -> None:
        self._directory, self._server, self._type = directory, server, object_type

    def wanted(self, name: str) -> MappingDocument:
        """Return the mapping of a file, or the one that was saved under a name: on the server, or else here.

        Args:
            name: A path or a name, or a name behind ``server:``.

        Raises:
            ClientError: There is none, or it is no mapping.
        """
        if name.startswith(ON_SERVER):
            return self._of_server(name.removeprefix(ON_SERVER))
        path = Path(name)
        if not path.is_file():
            found = self._server.document(_checked(name)) if self._server else None
            if found is not None:
                return found
            path = self._path(name)
        try:
            return read_document(path.read_bytes())
        except NotAMappingError as error:
            raise ClientError(f"--map {name}: {error}") from None
        except OSError as error:
            raise ClientError(
                f"--map {name}: there is no such file, and no mapping saved under it ({error.strerror})"
            ) from None

    def save(self, name: str, document: MappingDocument) -> str:
        """Save a mapping under a name, on the server where that keeps mappings; return where, as a sentence.

        Args:
            name: The name.
            document: The mapping.

        Raises:
            ClientError: The name cannot be one, or the mapping cannot be saved.
        """
        path = self._path(name)
        if self._server is not None and self._server.are_kept():
            version = self._server.save(name, document)
            return f'The mapping was saved on the server as "{name}", version {version}.'
        part = path.with_suffix(".part")
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_bytes(written_document(document))
            part.replace(path)
        except OSError as error:
            raise ClientError(f"--save-mapping {name}: {path} cannot be written: {error.strerror}") from None
        return f"The mapping was saved in {path}, because the server keeps none."

    def earlier(self) -> list[MappingDocument]:
        """Return the saved mappings, the team's first, each the newest first; files that are none are passed over.

        Raises:
            ClientError: The server cannot be reached.
        """
        found = self._server.newest(self._type) if self._server else []
        try:
            paths = sorted(self._directory.glob("*.json"), key=lambda path: -path.stat().st_mtime_ns)
        except OSError:
            return found
        for path in paths[:_KEPT_MAX]:
            try:
                found.append(read_document(path.read_bytes()))
            except (OSError, NotAMappingError):
                continue
        return found

    def _of_server(self, name: str) -> MappingDocument:
        found = self._server.document(_checked(name)) if self._server else None
        if found is None:
            raise ClientError(f"--map {ON_SERVER}{name}: the server has no mapping of this name")
        return found

    def _path(self, name: str) -> Path:
        return self._directory / f"{_checked(name)}.json"


def _checked(name: str) -> str:
    if not is_name(name):
        raise ClientError(f"{name!r} is no name of a mapping: expected {EXPECTED}")
    return name


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
