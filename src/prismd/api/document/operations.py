"""All operations of the API, collected from their handlers; the document is made from them."""

from __future__ import annotations

from typing import Final

from prismd.api.document.operation import Operation
from prismd.api.handlers import HANDLERS
from prismd.api.http.handling import operation_of

OPERATIONS: Final[tuple[Operation, ...]] = tuple(map(operation_of, HANDLERS))
