"""Mappings that a team saved on its server, through the public API; other servers have no such routes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from prismd.core.mapping.document import MappingDocument, NotAMappingError, document_of, written_document
from prismd.core.wording.quoting import quoted
from prismd.importer.calls import ClientError, PrismClient, RefusedError

_ROUTE: Final = "mappings"
#: How servers refuse a route that they do not have; an API key may also lack the right to it.
_NO_ROUTE: Final = (400, 404, 405, 501)
_NO_RIGHT: Final = (401, 403)


@dataclass(frozen=True, slots=True)
class ServerMappings:
    """The mappings of a team.

    Args:
        client: The server.
    """

    client: PrismClient

    def are_kept(self) -> bool:
        """Return whether the server keeps mappings.

        Raises:
            ClientError: The server cannot be used.
        """
        try:
            self._page({"limit": "1"})
        except RefusedError as error:
            if error.status in _NO_ROUTE:
                return False
            raise
        return True

    def listed(self) -> list[dict[str, Any]]:
        """Return the facts about all mappings, by name.

        Raises:
            ClientError: The server cannot be used, or keeps no mappings.
        """
        found, query = list[dict[str, Any]](), dict[str, str]()
        while True:
            page = self._page(query)
            found += page["data"]
            if not page.get("next_cursor"):
                return found
            query = {"cursor": str(page["next_cursor"])}

    def read(self, name: str, version: int | None = None) -> dict[str, Any] | None:
        """Return a mapping with its facts and its document, as JSON values; None if there is none.

        Args:
            name: Its name.
            version: The version; None for the newest.

        Raises:
            ClientError: The server cannot be used.
        """
        query = {} if version is None else {"version": str(version)}
        try:
            answer = self.client.call("GET", _ROUTE, name, query=query)
        except RefusedError as error:
            if error.status in _NO_ROUTE:
                return None
            raise
        return _object(answer.content)

    def document(self, name: str) -> MappingDocument | None:
        """Return the document of a mapping; None if there is none.

        Args:
            name: Its name.

        Raises:
            ClientError: The server cannot be used, or what it has is no mapping.
        """
        found = self.read(name)
        if found is None:
            return None
        try:
            return document_of(found.get("document"))
        except NotAMappingError as error:
            raise ClientError(f"the server's mapping {quoted(name)}: {error}") from None

    def newest(self, object_type: str) -> list[MappingDocument]:
        """Return the mappings for a type that were saved last, the newest first; none where the server shows none.

        Args:
            object_type: Of the rows.

        Raises:
            ClientError: The server cannot be reached.
        """
        try:
            page = self._page({"newest_for": object_type})
        except RefusedError as error:
            if error.status in (*_NO_ROUTE, *_NO_RIGHT):
                return []
            raise
        found = []
        for one in page["data"]:
            try:
                found.append(document_of(one.get("document")))
            except NotAMappingError:  # of a later version of prismd
                continue
        return found

    def save(self, name: str, document: MappingDocument) -> int:
        """Save a mapping under a name, and return its version.

        Args:
            name: The name.
            document: The mapping.

        Raises:
            ClientError: The server refuses.
        """
        answer = self.client.call("PUT", _ROUTE, name, body=written_document(document), key=secrets.token_hex(16))
        return int(_object(answer.content)["version"])

    def delete(self, name: str) -> None:
        """Delete a mapping with all its versions.

        Args:
            name: Its name.

        Raises:
            ClientError: The server refuses, as when there is none.
        """
        self.client.call("DELETE", _ROUTE, name)

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        page = _object(self.client.call("GET", _ROUTE, query=query).content)
        if not isinstance(page.get("data"), list):
            raise RefusedError(404, "", "the server keeps no mappings")
        return page


def _object(content: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RefusedError(404, "", "the server answers with something else than a mapping") from None
