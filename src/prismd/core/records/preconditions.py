"""What a request demands of the version of what it is about: ``If-Match`` and ``If-None-Match`` (RFC 9110, 13.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prismd.core.errors import PrismdError

#: Entity tags of a header, or this where it says that any will do.
ANY: Final = frozenset({"*"})

_WEAK: Final = "W/"


def etag(version: int) -> str:
    """Return the entity tag of a version of a record: a strong one (contract, section 19.4, 63)."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What a request demands; without a header, nothing.

    Args:
        match: The tags of ``If-Match``, of which one must be the record's own, weak ones never; :data:`ANY` where the
            record only has to be there; None where the header is not sent.
        none_match: The tags of ``If-None-Match``, of which none may be the record's own, weak ones neither;
            :data:`ANY` where it must not be there; None where the header is not sent.
    """

    match: frozenset[str] | None = None
    none_match: frozenset[str] | None = None

    def check(self, version: int | None) -> None:
        """See to it that a record stands as whoever writes it believes.

        Args:
            version: Of the record; None where there is none.

        Raises:
            PrismdError: ``precondition_failed``.
        """
        self.check_tag(None if version is None else etag(version))

    def check_tag(self, tag: str | None) -> None:
        """See to it that a record stands as whoever writes it believes.

        Args:
            tag: Of the record; None where there is none.

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
        """Return whether ``If-None-Match`` names what there is, which it must not: a reader knows it then.

        Args:
            tag: Of what there is; None where there is nothing.
        """
        if self.none_match is None or tag is None:
            return False
        return self.none_match == ANY or tag in {one.removeprefix(_WEAK) for one in self.none_match}

    def _matches(self, tag: str | None) -> bool:
        return self.match is None or (tag is not None and (self.match == ANY or tag in self.match))


#: What a request without the headers demands.
NOTHING: Final = Preconditions()
