"""The schema of a team's records: object types, their properties, and the options of select properties."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from prismd.core.properties.roles import DAY_ROLE, usual_role

#: The types whose records prismd stores (contract, section 1).
OBJECT_TYPES: Final = (
    "contact", "organization", "identity", "deal", "action", "document", "engagement", "event", "comment",
)  # fmt: skip

#: The types that can be imported (contract, section 10.1).
IMPORTABLE_TYPES: Final = tuple(name for name in OBJECT_TYPES if name != "event")

#: Types of the contract whose records prismd does not store; it knows only the names (contract, sections 11.1, 13.1).
UNHELD_TYPES: Final = ("ai_chat_thread", "ai_chat_message", "agent_artifact", "agent_site")


class Kind(enum.Enum):
    """The kinds of values of properties; each wire type has one of these kinds (contract, section 13.2)."""

    NUM = "num"
    STR = "str"
    TEXT = "text"
    BOOL = "bool"
    DATE = "date"
    SELECT = "select_str"
    MULTISELECT = "multiselect_str"
    MULTI_STR = "multi_str"
    REF = "ref_"
    MULTIREF = "multiref_"


#: Key of the property that holds the ids of a record's lists; no slug can equal it.
LISTS_KEY: Final = "/lists"

#: The slug of the stage property of every list (contract, sections 13.2 and 16.1).
APP_STAGE: Final = "app_stage"

#: A second slug of the stage within a list. Outside of lists, it is the slug of a native property (contract,
#: section 23, fact 102).
STATUS: Final = "status"

#: The wire's names of the types of custom properties, without references.
PLAIN_TYPES: Final = tuple(kind.value for kind in Kind if not kind.value.endswith("_"))

SINGLE_REFERENCE_TARGETS: Final = (
    "identity", "user", "organization", "contact", "thread", "message", "event", "account",
    "ai_chat_thread", "ai_chat_message",
)  # fmt: skip
MULTIPLE_REFERENCE_TARGETS: Final = (
    "ai_chat_message", "agent_site", "action", "comment", "contact", "label", "thread", "messages", "document",
    "identity", "organization", "engagement", "attendee", "meeting_entry", "read_receipt", "account", "source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select property (contract, section 13.2)."""

    id: str
    slug: str
    value: str
    color_scheme: str | None = None
    description: str | None = None
    icon: str | None = None
    option_group: str | None = None
    sort_index: int | None = None
    #: False for an archived option: records that have it keep it, and no other record can get it (contract, 23, 103).
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an object type (contract, section 13.2).

    Args:
        id: Id of the definition, as UUID text; a native property has the same id in every team.
        slug: The name that rows use as a key; it never changes.
        type: The wire's type name, such as ``str`` or ``multiref_organization``.
        name: A name for people.
        native: Whether the property comes with prismd and is the same in every team.
        read_only: Whether only the server sets values, as for ``created_at``.
        list_id: The list within which the property exists; None for properties of all records of the type.
        alias: ``app_stage`` for the stage property of a list.
        enabled: False for an archived property, which keeps its values but takes no new ones.
        role_id: Id of the role: how to show values, and whether dates are days; by default the type's usual role.
        inverse_of: Object type and slug of the reference that an inverse property shows from the other side; an inverse
            property has no stored values.
        unkept: Whether clients can name the property although prismd stores no values (see
            :mod:`prismd.core.properties.unkept`).
        any_case: Whether labels of options match regardless of case, as during an import that creates options.
        key: Key under which records store values: the slug, after the list's id if the property belongs to a list.
    """

    id: str
    slug: str
    type: str
    name: str
    native: bool = False
    read_only: bool = False
    required: bool = False
    enabled: bool = True
    icon: str | None = None
    role_id: str | None = None
    options: tuple[Option, ...] = ()
    list_id: str | None = None
    alias: str | None = None
    inverse_of: tuple[str, str] | None = None
    unkept: bool = False
    any_case: bool = False
    key: str = field(init=False)
    kind: Kind = field(init=False)
    target: str | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", property_key(self.slug, self.list_id))
        if self.role_id is None:
            object.__setattr__(self, "role_id", usual_role(self.type))
        for kind, targets in ((Kind.REF, SINGLE_REFERENCE_TARGETS), (Kind.MULTIREF, MULTIPLE_REFERENCE_TARGETS)):
            if self.type.startswith(kind.value) and self.type.removeprefix(kind.value) in (*targets, *OBJECT_TYPES):
                object.__setattr__(self, "kind", kind)
                object.__setattr__(self, "target", self.type.removeprefix(kind.value))
                return
        object.__setattr__(self, "kind", Kind(self.type))
        object.__setattr__(self, "target", None)

    @property
    def holds_many(self) -> bool:
        """Whether the stored value is an array."""
        return self.kind in (Kind.MULTISELECT, Kind.MULTI_STR, Kind.MULTIREF)

    @property
    def holds_days(self) -> bool:
        """Whether the value is a day; a time and an offset in sent values are dropped."""
        return self.kind is Kind.DATE and self.role_id == DAY_ROLE


def property_key(slug: str, list_id: str | None) -> str:
    """Return the key under which records store the values of a property.

    Args:
        slug: The property's slug, which contains no slash.
        list_id: The list that the property belongs to; None for the properties of all records.
    """
    return slug if list_id is None else f"{list_id}/{slug}"


def split_key(key: str) -> tuple[str | None, str]:
    """Return the list and the slug in a key from :func:`property_key`.

    Args:
        key: Key of a property.
    """
    list_id, _, slug = key.rpartition("/")
    return list_id or None, slug


@dataclass(frozen=True, slots=True)
class ObjectSchema:
    """The properties of one object type in one team, by key."""

    object_type: str
    properties: Mapping[str, Property]

    def __iter__(self) -> Iterator[Property]:
        return iter(self.properties.values())

    def get(self, slug: str, list_id: str | None = None) -> Property | None:
        """Return the property that a slug names, or None.

        Args:
            slug: The slug, exactly as the caller sent it.
            list_id: A list whose own properties take precedence over those of all records.
        """
        own = None if list_id is None else self.own(slug, list_id)
        return own or (self.properties.get(slug) if "/" not in slug else None)

    def own(self, slug: str, list_id: str) -> Property | None:
        """Return the property of a list that a slug names, or None.

        Args:
            slug: The slug, exactly as the caller sent it; :data:`STATUS` means the stage by default.
            list_id: Id of the list.
        """
        found = self.properties.get(property_key(slug, list_id))
        if found is None and slug == STATUS:
            return self.properties.get(property_key(APP_STAGE, list_id))
        return found

    def slugs(self, list_id: str | None = None) -> list[str]:
        """Return the slugs of the properties of all records, and of those of a list if one is given."""
        return list(dict.fromkeys(prop.slug for prop in self if prop.list_id in (None, list_id)))


#: A property that stands for a record's lists, for comparing them and finding records by them.
LISTS: Final = Property(id="", slug=LISTS_KEY, type="multi_str", name="Lists", native=True, read_only=True)


def count_options(schema: ObjectSchema) -> int:
    """Return the number of options of all properties of a type.

    Args:
        schema: The schema of the type.
    """
    return sum(len(prop.options) for prop in schema)


def held_references(schema: ObjectSchema) -> dict[str, str]:
    """Return the references to records that prismd stores: the target's type by the reference's key."""
    return {
        prop.key: prop.target
        for prop in schema
        if prop.kind in (Kind.REF, Kind.MULTIREF) and prop.target in OBJECT_TYPES
    }
