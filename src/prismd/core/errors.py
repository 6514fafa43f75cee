"""The only error type of prismd: a stable code, a sentence for people, and the wrong fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

#: Every code that an answer can carry in ``error.code``, with its HTTP status (contract, section 3). A code means the
#: same in every answer, because only this table defines it; ``docs/errors.md`` documents each one.
HTTP_STATUS: Final = MappingProxyType(
    {
        "invalid_request": 400,
        "unreadable_file": 400,
        "unauthorized": 401,
        "forbidden": 403,
        "missing_scope": 403,
        "not_found": 404,
        "method_not_allowed": 405,
        "request_timeout": 408,
        "idempotency_key_mismatch": 409,
        "idempotency_key_stale": 409,
        "idempotency_key_in_progress": 409,
        "multiple_matches": 409,
        "name_taken": 409,
        "slug_taken": 409,
        "id_taken": 409,
        "key_taken": 409,
        "not_deleted": 409,
        "import_ended": 409,
        "import_not_ended": 409,
        "nothing_to_retry": 409,
        "upload_offset_mismatch": 409,
        "file_not_whole": 409,
        "nothing_to_undo": 409,
        "property_in_use": 409,
        "required_backfill_needed": 409,
        "option_in_use": 409,
        "precondition_failed": 412,
        "payload_too_large": 413,
        "uri_too_long": 414,
        "rate_limited": 429,
        "too_many_requests": 429,
        "too_many_bytes": 429,
        "too_many_imports": 429,
        "too_many_event_streams": 429,
        "too_many_files": 429,
        "too_many_exports": 429,
        "headers_too_large": 431,
        "internal_error": 500,
        "query_timeout": 503,
        "service_unavailable": 503,
    }
)

#: Every code that a row of an import can carry (contract, section 21).
ROW_CODES: Final = MappingProxyType(
    {
        "invalid_row": "the row is not an object of the expected shape",
        "invalid_property": "the row names a property that the object type does not have",
        "invalid_value": "a value does not fit its property's type",
        "invalid_option": "a value is not an option of its select property",
        "read_only_property": "the row writes a property that only the server sets",
        "missing_required": "the row lacks a value that is demanded of it",
        "missing_key": "the row has no value for the de-duplication key, and `require_key` demands one",
        "multiple_matches": "several records carry the row's de-duplication key or are meant by a reference",
        "not_found": "a reference or the row's id leads to no record, or the row names a list that there is not",
        "missing_scope": "a reference by key leads to a type whose records the import's API key cannot read",
        "internal_error": "the server could not process the row; the log tells why",
    }
)

#: Every code that a whole import job can carry in its ``error``.
JOB_CODES: Final = MappingProxyType(
    {
        "internal_error": "the server could not process the job; rows done stay done",
        "cancelled": "somebody cancelled the job; rows done stay done, the others were never attempted",
    }
)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One fault of one field of a request.

    Args:
        field: Path of the field, such as ``.body.options.dedupe_by``.
        message: What was expected, what was found, and what to do.
        code: A code for programs, such as ``type.openapi.validation``.
    """

    field: str
    message: str
    code: str


class PrismdError(Exception):
    """A refusal of a request, with the answer that the caller gets (contract, section 3).

    Args:
        code: A key of :data:`HTTP_STATUS`.
        message: A sentence for people: what was expected, what was found, what to do.
        problems: The wrong fields, for ``invalid_request``.
        retry_after_s: Seconds until a new attempt can succeed; None if it cannot.
        details: Facts for programs, by name; for a conflict, the conflicting object.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        problems: tuple[FieldProblem, ...] = (),
        retry_after_s: int | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        assert code in HTTP_STATUS, code  # noqa: S101 - a code outside the table is a programmer's error
        super().__init__(message)
        self.code = code
        self.message = message
        self.problems = problems
        self.retry_after_s = retry_after_s
        self.details = details

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return HTTP_STATUS[self.code]

    @classmethod
    def invalid(cls, field: str, message: str, keyword: str = "type") -> PrismdError:
        """Return the error for one wrong field of a request.

        Args:
            field: Path of the field, such as ``.body.objects``.
            message: What was expected, what was found, and what to do.
            keyword: The validation keyword that failed: ``required``, ``type``, ``enum``, ``maxItems`` …
        """
        problem = FieldProblem(field, message, f"{keyword}.openapi.validation")
        return cls("invalid_request", f"{field}: {message}", problems=(problem,))
