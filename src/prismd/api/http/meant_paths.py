"""Which path a request means where it is written in another form than ``/v2/prism/{teamId}/…`` (decision 0018).

- Without a team: what stands in its place is an object type or a collection, and the key's own team is meant.
- The old path of queries, ``/v2/prism/query/{teamId}/{objectType}`` (contract, sections 18 and 23, fact 113).

A path that can be read with a team is read so, whatever the team is called.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from prismd.api.document.operations import OPERATIONS
from prismd.api.http.paths import decoded
from prismd.core.properties.schema import OBJECT_TYPES, UNHELD_TYPES

_ROOT: Final = "/v2/prism/"
#: Stands in the routed path for the team that the path does not name; who is let in goes by the scope.
_UNNAMED: Final = "-"
_OLD_QUERY: Final = "query"
_OLD_QUERY_PARTS: Final = 3

_TYPES: Final = frozenset((*OBJECT_TYPES, *UNHELD_TYPES))


class MeantPath(NamedTuple):
    """The path that a request means.

    Args:
        path: As it is routed, percent-encoded.
        own_team: Whether the path names no team.
    """

    path: str
    own_team: bool = False


def meant_path(method: str, path: str) -> MeantPath:
    """Return the path that a request means.

    Args:
        method: The HTTP method.
        path: As it arrived, percent-encoded.
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
    # A type that there is not; but a team can be called "query" itself, and then a type comes next.
    return method == "POST" and team not in _FIRST and object_type not in _SECOND


def _lacks_team(words: list[str | None]) -> bool:
    first, second = words[0], words[1] if len(words) > 1 else None
    if first not in _FIRST:
        return False
    with_team = second in _TYPES or second in _COLLECTIONS
    return not with_team or (first in _TYPES and second in _SECOND)


def _literals(place: int) -> frozenset[str]:
    """Return the words that stand literally at a place of the paths after the team."""
    paths = [operation.path.split("/")[4:] for operation in OPERATIONS if operation.path.startswith(_ROOT)]
    return frozenset(parts[place] for parts in paths if len(parts) > place and not parts[place].startswith("{"))


#: What can stand right after the team beside object types, and what can stand after an object type or a collection.
_COLLECTIONS: Final = _literals(0)
_FIRST: Final = _TYPES | _COLLECTIONS
_SECOND: Final = _literals(1)
