"""The rounds of an undo: what an import created for references goes after all records that refer to it."""

from __future__ import annotations

from typing import Final

from prismd.core.imports.job import Job
from prismd.core.properties.schema import OBJECT_TYPES

#: The type of the records that addresses in rows create.
_CONTACT: Final = "contact"


def rounds_of(source: Job) -> tuple[str, ...]:
    """Return the types of the records that a job created for references, each of which takes a round of its own.

    Args:
        source: The ended job that is undone.
    """
    if source.references_created:
        # Contacts come last, because records of other types refer to them.
        return (*(name for name in OBJECT_TYPES if name != _CONTACT), _CONTACT)
    return (_CONTACT,) if source.contacts_created else ()
