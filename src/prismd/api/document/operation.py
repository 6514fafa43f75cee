"""The description of one operation of the API, and what many operations have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from prismd.core.api_keys.scopes import Scope
from prismd.core.json.shapes import in_force
from prismd.core.properties.schema import OBJECT_TYPES

TEXT: Final = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation.

    Args:
        name: The name that clients write.
        location: ``path``, ``query`` or ``header``.
        meaning: The description, in one sentence.
        schema: The JSON Schema of the value.
        required: Whether the parameter is required; parameters of paths always are.
    """

    name: str
    location: str
    meaning: str
    schema: Mapping[str, Any] = field(default_factory=lambda: TEXT)
    required: bool = False

    @classmethod
    def in_path(cls, name: str) -> Self:
        """Return the path parameter with a given name."""
        return cls(name, "path", _IN_PATH[name], required=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """A success of an operation.

    Args:
        status: The HTTP status.
        meaning: The description of this success.
        shape: Type of the JSON body; a tuple if it can be one of several, None if the body is empty.
        headers: Descriptions of the headers, by name.
        texts: Further media types that clients can ask for.
    """

    status: int
    meaning: str
    shape: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of the API.

    Args:
        name: The ``operationId``.
        method: The HTTP method.
        path: The path, with parameters in braces.
        tag: The group that shows the operation.
        scopes: Scopes of the key, each of which is enough, for the object type in the path, or for all types if the
            path has none; empty if no key is required.
        typed_by_job: Whether the object type comes from the import that the request names, and not from the path.
        summary: The operation in a few words.
        description: Further facts about the operation.
        parameters: Parameters of query and headers; those of the path are taken from the path.
        any_parameter: Whether the query can have further parameters, such as slugs of properties.
        body: Type of the JSON body; None if the operation takes none.
        raw_body: Media types of a body that is taken as it is.
        body_required: Whether the body is required.
        object_types: Allowed values of ``objectType`` in the path.
        replies: The successes of the operation.
        errors: The operation's own error codes, beside those that any operation can answer.
    """

    name: str
    method: str
    path: str
    tag: str
    scopes: tuple[Scope, ...] = ()
    typed_by_job: bool = False
    summary: str
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    any_parameter: bool = False
    body: Any = None
    raw_body: tuple[str, ...] = ()
    body_required: bool = True
    object_types: tuple[str, ...] = OBJECT_TYPES
    replies: tuple[Reply, ...]
    errors: tuple[str, ...] = ()

    @property
    def has_versions(self) -> bool:
        """Whether the operation's object has versions, which its handler compares with those that a request names."""
        return any(one.name == "If-Match" for one in self.parameters)

    def all_parameters(self) -> tuple[Parameter, ...]:
        """Return the parameters of path, query and headers."""
        in_path = [Parameter.in_path(name) for name in re.findall(r"{(\w+)}", self.path)]
        enum = {"type": "string", "enum": list(self.object_types)}
        in_path = [replace(one, schema=enum) if one.name == "objectType" else one for one in in_path]
        return (*in_path, *self.parameters)

    def all_errors(self) -> tuple[str, ...]:
        """Return the codes of all errors that the operation can answer."""
        if not self.path.startswith("/v2/"):
            return (*self.errors, "internal_error")
        scoped = ("missing_scope",) if self.scopes else ()
        keyed = _KEYED_ERRORS if IDEMPOTENCY_KEY in self.parameters else ()
        large = ("payload_too_large", "too_many_bytes") if self.body is not None or self.raw_body else ()
        return tuple(dict.fromkeys((*_ANY_ERRORS, *scoped, *self.errors, *keyed, *large)))


_ANY_ERRORS: Final = (
    "invalid_request", "unauthorized", "forbidden", "rate_limited", "too_many_requests", "internal_error",
    "service_unavailable",
)  # fmt: skip
_KEYED_ERRORS: Final = ("idempotency_key_mismatch", "idempotency_key_stale", "idempotency_key_in_progress")

_IN_PATH: Final[Mapping[str, str]] = {
    "teamId": "The team.",
    "objectType": "Type of the records.",
    "jobId": "Id of an import job.",
    "fileId": "Id of an uploaded file.",
    "listId": "Id of a list.",
    "templateId": "Id of a list template.",
    "recordId": "Id of a record.",
    "slug": "Slug of a property by which records can be told apart.",
    "value": "The value sought, percent-encoded.",
    "viewId": "Id of a view.",
    "propertyId": "Id of a property.",
    "optionId": "Id of an option.",
    "name": "Name of a saved mapping, percent-encoded.",
}

IDEMPOTENCY_KEY: Final = Parameter(
    "Idempotency-Key",
    "header",
    "1 to 255 characters; the same request under the same key is done once, "
    f"for {in_force('idempotency_hours')} hours.",
    {"type": "string", "minLength": 1, "maxLength": 255},
)
CURSOR: Final = Parameter("cursor", "query", "`next_cursor` of the page before; it brings limit and filters along.")
LIMIT: Final = Parameter(
    "limit", "query", f"Entries of a page; cut at {in_force('page_max')}.", {"type": "integer", "minimum": 1}
)

REPLAY: Final = {"idempotent-replay": "`true` where this is the answer to an earlier request under the same key."}
RETRY_AFTER: Final = {"retry-after": "Seconds after which to ask again; while the import is processed."}
ETAG: Final = {"etag": "Version of the record."}

TEAM: Final = "/v2/prism/{teamId}"
RECORDS: Final = f"{TEAM}/{{objectType}}"


def filter_by(name: str, meaning: str, words: tuple[str, ...]) -> Parameter:
    """Return a parameter of the query that takes one of a few words."""
    return Parameter(name, "query", meaning, {"type": "string", "enum": list(words)})


DELETED: Final = filter_by(
    "deleted", "`true` adds deleted records, `only` leaves out the others.", ("true", "false", "only")
)
