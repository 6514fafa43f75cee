"""Preconditions of requests on the version of a record: ``If-Match`` and ``If-None-Match`` (RFC 9110, 13.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prismd.core.errors import PrismdError

#: Stands for the entity tags of a header whose value is ``*``: any version matches.
ANY: Final = frozenset({"*"})

_WEAK: Final = "W/"


def etag(version: int) -> str:
    """Return the strong entity tag of a version of a record (contract, section 19.4, 63)."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The preconditions of a request; without headers there are none.

    Args:
        match: The tags of ``If-Match``: one of them must equal the record's tag, and weak tags never do. :data:`ANY`
            demands only that the record exists; None if the header is absent.
        none_match: The tags of ``If-None-Match``: the record's tag must differ from all of them, weak ones included.
            :data:`ANY` demands that the record does not exist; None if the header is absent.
    """

    match: frozenset[str] | None = None
    none_match: frozenset[str] | None = None

    def check(self, version: int | None) -> None:
        """Check the preconditions against the version of a record.

        Args:
            version: The record's version; None if there is no record.

        Raises:
            PrismdError: ``precondition_failed``.
        """
        self.check_tag(None if version is None else etag(version))

    def check_tag(self, tag: str | None) -> None:
        """Check the preconditions against an entity tag.

        Args:
            tag: The tag of the record; None if there is no record.

        Raises:
            PrismdError: ``precondition_failed``.
        """
        if not self._matches(tag):
            why = "there is no record yet, and If-Match demands one; leave the header out to make it"
            if tag is not None:
                why = f"The record has changed: its etag is {tag}, which If-Match does not name; read it again"
            raise PrismdError("precondition_failed", why)
        if self.met_by_none_match(tag):
            why = f"there is such a record: its etag is {tag}, which If-None-Match excludes; read it first"
            raise PrismdError("precondition_failed", why)

    def met_by_none_match(self, tag: str | None) -> bool:
        """Return whether ``If-None-Match`` names the present tag: a reader then has this version already.

        Args:
            tag: The present tag; None if there is nothing to read.
        """
        if self.none_match is None or tag is None:
            return False
        return self.none_match == ANY or tag in {one.removeprefix(_WEAK) for one in self.none_match}

    def _matches(self, tag: str | None) -> bool:
        return self.match is None or (tag is not None and (self.match == ANY or tag in self.match))


#: The preconditions of a request without the headers.
NOTHING: Final = Preconditions()
