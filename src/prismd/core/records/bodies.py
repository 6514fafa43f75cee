"""The types of bodies that hold values of records; readers read by them, and the document shows them (contract, 9)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Generic, TypeVar

from msgspec import UNSET, Raw, Struct, UnsetType

from prismd.core.json.shapes import Words, in_force, look_over, member

Item = TypeVar("Item")

_VALUES: Final = Words("an object of property slugs and values")
_ID: Final = Words("the id of a record")
_TEXT: Final = Words("a text")
_VISIBLE: Final = {"pattern": r"\S"}
_AN_OBJECT: Final = {"type": "object"}
_ONE: Final = {"minProperties": 1, "maxProperties": 1}
_AT_MOST: Final = {"maxItems": in_force("batch_items_max")}
_UUID: Final = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


class ObjectProperties(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row: values by property slug."""

    default: Annotated[dict[str, Any] | None, member("Values by property slug.", _VALUES)] | UnsetType = UNSET
    list: (
        Annotated[
            dict[str, Any] | None,
            member(
                "Values of lists, by list id and slug; by slug alone where the request names the list.",
                _VALUES,
                {"patternProperties": {_UUID: _AN_OBJECT}},
            ),
        ]
        | UnsetType
    ) = UNSET
    extended: Annotated[dict[str, Any] | None, member("Further values by property slug.", _VALUES)] | UnsetType = UNSET


class ImportRow(ObjectProperties, frozen=True, kw_only=True):
    """A row of an import."""

    id: (
        Annotated[str, member("The record that the row is about; without it, `dedupe_by` decides.", _ID)] | UnsetType
    ) = UNSET


class RecordChanges(ObjectProperties, frozen=True, kw_only=True):
    """What to write to a record."""

    id: (
        Annotated[str, member("May stand here where it is the record's own, as one that was read has it.", _ID)]
        | UnsetType
    ) = UNSET


class Items(Struct, Generic[Item], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A batch update.

    Its items are read as JSON texts, because each is read for itself: a malformed one fails alone.
    """

    items: Annotated[list[Item], member("Each for itself.", Words("an array"), _AT_MOST)]


class Ids(Struct, Generic[Item], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A batch that names records alone; its ids are read as JSON texts, as those of :class:`Items`."""

    ids: Annotated[list[Item], member("Each for itself.", Words("an array"), _AT_MOST)]


class BatchItem(ObjectProperties, frozen=True, kw_only=True):
    """What to write to one record."""

    id: str


class BatchUpdateBody(Items[BatchItem], frozen=True, kw_only=True):
    """The body of a batch update."""


class BatchIds(Ids[str], frozen=True, kw_only=True):
    """The body of a batch that deletes, restores or purges."""


class Match(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a record is looked up by."""

    email_address: Annotated[str, member("Of identities.", _TEXT, _VISIBLE)] | UnsetType = UNSET
    primary_domain: Annotated[str, member("Of organizations.", _TEXT, _VISIBLE)] | UnsetType = UNSET


class NewValues(Struct, frozen=True, kw_only=True):
    """Values of a record that is made, by property slug."""

    default: Annotated[dict[str, Any] | None, member("Values by property slug, too.", _VALUES)] = None
    list: Annotated[
        dict[str, Any] | None,
        member("Values of lists, by list id and slug.", _VALUES, {"additionalProperties": _AN_OBJECT}),
    ] = None


class FindOrCreateBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of find-or-create."""

    match: Annotated[
        Match, member("`email_address` for identities, `primary_domain` for organizations; nothing else.", None, _ONE)
    ]
    defaults: Annotated[
        NewValues | None,
        member(
            "Further values of a record that is made, by property slug. They may also stand in `default`, "
            "and those of lists in `list`, by list id and slug.",
            _VALUES,
        ),
    ] = None


look_over(RecordChanges, Items[Raw], Ids[Raw], FindOrCreateBody)
