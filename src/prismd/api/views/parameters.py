"""Paths, parameters and replies that several operations on views share."""

from __future__ import annotations

from typing import Any, Final

from prismd.api.document.operation import CURSOR, LIMIT, RECORDS, Operation, Parameter
from prismd.core.views.definitions import VIEW_TYPES

VIEWS_PATH: Final = f"{RECORDS}/views"
VIEW_PATH: Final = f"{VIEWS_PATH}/{{viewId}}"
PAGE: Final = Parameter(
    "page", "query", "Number of the page, from 1; cursors are better.", {"type": "integer", "minimum": 1}
)
PAGED: Final = (CURSOR, LIMIT, PAGE)
ERRORS: Final = ("method_not_allowed", "not_found")


def view_operation(name: str, method: str, path: str, summary: str, **more: Any) -> Operation:  # noqa: ANN401 - fields of an operation
    """Return an operation on views, with the fields that all of them share unless ``more`` replaces them."""
    own = {"tag": "Views", "object_types": VIEW_TYPES, "errors": ERRORS}
    return Operation(name=name, method=method, path=path, summary=summary, **{**own, **more})
