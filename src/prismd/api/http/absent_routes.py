"""Routes of the API that prismd does not serve, each with the reason, and old routes, each with its successor.

A request for such a route, by any method, gets the reason. Without this table the answer would be that no such record
exists, which would mislead.
"""

from __future__ import annotations

from typing import Final

from prismd.core.errors import PrismdError

_PRISM: Final = "/v2/prism/{teamId}"
_NO_FILES: Final = "prismd keeps no files; a picture is a URL in `photo_url` or `logo_url`"
_NO_AUTOMATIONS: Final = "their agents, mails and waits are services of Micro's product, not of a records API"
_NO_HOOKS: Final = (
    "no public text says what is sent, how it is signed, or when; the realtime stream tells of changes meanwhile"
)
_NO_EDITOR: Final = "prismd keeps the text of a document as a property, and has no editor format to render it from"

#: Path, with parameters in braces and ``*`` for any rest -> the reason why prismd does not serve it.
ABSENT: Final[dict[str, str]] = {
    f"{_PRISM}/message/{{messageId}}/grant": "prismd holds no messages: it does not read anybody's mail",
    f"{_PRISM}/action/{{recordId}}/content": _NO_EDITOR,
    f"{_PRISM}/document/{{recordId}}/content": _NO_EDITOR,
    f"{_PRISM}/identity/{{recordId}}/image": _NO_FILES,
    f"{_PRISM}/identity/{{recordId}}/image/*": _NO_FILES,
    f"{_PRISM}/organization/{{recordId}}/image": _NO_FILES,
    f"{_PRISM}/organization/{{recordId}}/image/*": _NO_FILES,
    f"{_PRISM}/{{objectType}}/triggered_automations": _NO_AUTOMATIONS,
    f"{_PRISM}/{{objectType}}/triggered_automations/{{automationId}}": _NO_AUTOMATIONS,
    "/v2/webhooks/*": _NO_HOOKS,
    "/v2/feed/*": "the feed is a screen of Micro's product, and prismd has none",
}

#: Path of an earlier version (contract, section 18) -> the path that replaces it.
_REPLACED: Final[dict[str, str]] = {
    "/v1/*": "/v2",
    "/v2/prism/metadata/properties/{teamId}/{objectType}": f"{_PRISM}/{{objectType}}/properties",
    f"{_PRISM}/view/{{objectType}}/{{viewId}}/records": f"{_PRISM}/{{objectType}}/views/{{viewId}}/records",
}


def absent_route(path: str) -> str | None:
    """Return the entry of :data:`ABSENT` that a path belongs to, or None.

    Args:
        path: The routed path, percent-encoded.
    """
    return _found(ABSENT, path)


def absence(method: str, path: str, written: str) -> PrismdError | None:
    """Return the error for a route that prismd does not serve, or None for any other route."""
    if (absent := absent_route(path)) is not None:
        message = f"The API has {written}, but prismd does not serve it, by {method} or otherwise: {ABSENT[absent]}"
        return PrismdError("not_found", f"{message}. COMPATIBILITY.md lists what is not there")
    if (old := _found(_REPLACED, path)) is not None:
        message = f"{written} is of an earlier version of the API, which prismd does not serve; use {_REPLACED[old]}"
        return PrismdError("not_found", message)
    return None


def _found(table: dict[str, str], path: str) -> str | None:
    parts = path.rstrip("/").split("/")
    return next((template for template in table if _fits(template.split("/"), parts)), None)


def _fits(template: list[str], parts: list[str]) -> bool:
    if template[-1] == "*":
        template = template[:-1]
        parts = parts[: len(template)]
    return len(template) == len(parts) and all(
        one == part or (one.startswith("{") and part) for one, part in zip(template, parts, strict=True)
    )
