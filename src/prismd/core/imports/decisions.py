"""One decision about a group of failed rows: which rows it is about, and what becomes of their value."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Struct

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.imports.failed_rows import FailedRow
from prismd.core.imports.problems import form_of, value_of
from prismd.core.json.shapes import Words, look_over, member

_TEXT: Final = Words("a text")
_BUCKETS: Final = ("default", "extended", "list")


class DecisionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision about the rows of a group of problems."""

    property: Annotated[str, member("Slug of the property, as the group has it.", _TEXT)]
    do: Annotated[
        Literal["map", "leave_out", "make_option"],
        member(
            "`map` takes `value` instead, `leave_out` leaves the property out of these rows, `make_option` makes "
            "options of their unknown values."
        ),
    ]
    pattern: Annotated[str | None, member("The group's pattern; all patterns where absent.", _TEXT)] = None
    code: Annotated[str | None, member("The group's code; all codes where absent.", _TEXT)] = None
    value: Annotated[Any, member("The value instead, with `map`.")] = UNSET


look_over(DecisionBody)


def check_decision(decision: DecisionBody) -> None:
    """Refuse a decision that does not say what becomes of the value.

    Raises:
        PrismdError: ``invalid_request``.
    """
    if decision.do == "map" and decision.value in (UNSET, None):
        message = 'expected the value to take instead; to have none, say "do": "leave_out"'
        raise PrismdError.invalid(".body.value", message, "enum")
    if decision.do != "map" and decision.value is not UNSET:
        message = f'"do": "{decision.do}" takes no value; say "do": "map", or leave it out'
        raise PrismdError.invalid(".body.value", message, "enum")


def is_about(decision: DecisionBody, failed: FailedRow) -> bool:
    """Return whether a row is of the group that a decision is about."""
    value = value_of(failed.row, decision.property)
    return value is not None and any(
        problem.get("property") == decision.property
        and decision.code in (None, problem["code"])
        and decision.pattern in (None, form_of(problem["code"], value))
        for problem in failed.problems
    )


def decided(decision: DecisionBody, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row after a decision; everything else in it stays as it was sent.

    Args:
        decision: The decision, which is about the row.
        row: The row as it was sent, decoded.
    """
    if decision.do == "make_option":
        return row
    changed = dict(row)
    changed.update((name, _in_bucket(decision, row[name])) for name in _BUCKETS if name in row)
    if isinstance(lists := changed.get("list"), dict):
        # Values of a list stand there directly, or one level further in, by the list's id.
        changed["list"] = {
            name: _in_bucket(decision, bucket) if is_uuid(name) else bucket for name, bucket in lists.items()
        }
    return changed


def _in_bucket(decision: DecisionBody, bucket: Any) -> Any:  # noqa: ANN401 - JSON is any value
    if not isinstance(bucket, dict) or decision.property not in bucket:
        return bucket
    if decision.do == "map":
        return {**bucket, decision.property: decision.value}
    return {slug: value for slug, value in bucket.items() if slug != decision.property}
