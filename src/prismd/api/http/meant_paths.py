"""The path to route for a request that does not use the form ``/v2/prism/{teamId}/…`` (decision 0018).

Two other forms are accepted:

- A path without a team: an object type or a collection follows ``/v2/prism/``. It means the team of the key.
- The old path of queries, ``/v2/prism/query/{teamId}/{objectType}`` (contract, sections 18 and 23, fact 113).

A path that makes sense with a team is read with a team, even if the team's name looks like another word.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from prismd.api.document.operations import OPERATIONS
from prismd.api.http.paths import decoded
from prismd.core.properties.schema import OBJECT_TYPES, UNHELD_TYPES

_ROOT: Final = "/v2/prism/"
#: The routed path has this part if the client named no team; the check of keys looks at the scope instead.
_UNNAMED: Final = "-"
_OLD_QUERY: Final = "query"
_OLD_QUERY_PARTS: Final = 3

_TYPES: Final = frozenset((*OBJECT_TYPES, *UNHELD_TYPES))


class MeantPath(NamedTuple):
    """The path to route.

    Args:
        path: The path in its full form, percent-encoded.
        own_team: Whether the client named no team, so that the team of the key is meant.
    """

    path: str
    own_team: bool = False


def meant_path(method: str, path: str) -> MeantPath:
    """Return the path to route for a request.

    Args:
        method: The HTTP method.
        path: The path as it arrived, percent-encoded.
    """
    if not path.startswith(_ROOT):
        return MeantPath(path)
    parts = path.removeprefix(_ROOT).rstrip("/").split("/")
    words = [decoded(part) for part in parts]
    if _is_old_query(method, words):
        return MeantPath(f"{_ROOT}{parts[1]}/{parts[2]}/query")
    if _lacks_team(words):
        return MeantPath(f"{_ROOT}{_UNNAMED}/{path.removeprefix(_ROOT)}", own_team=True)
    return MeantPath(path)


def _is_old_query(method: str, words: list[str | None]) -> bool:
    if len(words) != _OLD_QUERY_PARTS or words[0] != _OLD_QUERY:
        return False
    _, team, object_type = words
    if object_type in _TYPES:
        return True
    # The type is unknown. A team can have the name "query"; in that case its second part is a type or a collection.
    return method == "POST" and team not in _FIRST and object_type not in _SECOND


def _lacks_team(words: list[str | None]) -> bool:
    first, second = words[0], words[1] if len(words) > 1 else None
    if first not in _FIRST:
        return False
    with_team = second in _TYPES or second in _COLLECTIONS
    return not with_team or (first in _TYPES and second in _SECOND)


def _literals(index: int) -> frozenset[str]:
    """Return the literal words that paths have at an index after the team."""
    paths = [operation.path.split("/")[4:] for operation in OPERATIONS if operation.path.startswith(_ROOT)]
    return frozenset(parts[index] for parts in paths if len(parts) > index and not parts[index].startswith("{"))


#: Words that can follow the team, in addition to object types; words that can follow an object type or a collection.
_COLLECTIONS: Final = _literals(0)
_FIRST: Final = _TYPES | _COLLECTIONS
_SECOND: Final = _literals(1)
