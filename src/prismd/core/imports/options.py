"""The options of an import: reading them from a request, and their meaning (contract, sections 10.1, 21 and 22)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from prismd.core.errors import PrismdError
from prismd.core.values.blanks import is_blank
from prismd.core.wording.quoting import nearest, quoted


class OnMatch(enum.StrEnum):
    """The effect of a row on the record that it matches."""

    SKIP = "skip"
    UPDATE = "update"
    FILL = "fill"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options of an import.

    Args:
        dedupe_by: Slug of the key property; None creates a record for every row.
        fold_case: Whether the comparison of keys ignores case.
        on_match: The effect of a row on the record that it matches.
        create_missing_options: Whether unknown select values become options.
        dry_run: Whether to judge all rows, but write nothing.
        require_key: Whether a row without a key value fails.
        list_id: A list that every row's record joins, and whose own slugs take precedence.
        require_list_stage: Whether a row without a stage in that list fails.
        key: Property key for ``dedupe_by``; determined once, when the import is accepted.
    """

    dedupe_by: str | None = None
    fold_case: bool = True
    on_match: OnMatch = OnMatch.SKIP
    create_missing_options: bool = False
    dry_run: bool = False
    require_key: bool = False
    list_id: str | None = None
    require_list_stage: bool = False
    key: str | None = None

    @property
    def changes_matches(self) -> bool:
        """Whether rows can change the values of matched records."""
        return self.on_match is not OnMatch.SKIP

    def to_json(self) -> dict[str, Any]:
        """Return the options as they are stored with a job."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the options that were stored with a job."""
        return cls(**{**stored, "on_match": OnMatch(stored["on_match"])})


_FIELD: Final = ".body.options"
_FLAGS: Final = (
    "caseInsensitive", "update_existing", "create_missing_options", "dry_run", "require_key", "require_list_stage",
)  # fmt: skip
_LIST_NAMES: Final = ("list_id", "crm_id")
KNOWN_OPTIONS: Final = ("dedupe_by", "on_match", *_FLAGS, *_LIST_NAMES)


def parse_options(raw: object) -> ImportOptions:
    """Return the options in the member ``options`` of a body.

    Args:
        raw: The decoded JSON value; None if the body has no such member.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong option.
    """
    if raw is None:
        return ImportOptions()
    if not isinstance(raw, dict):
        raise PrismdError.invalid(_FIELD, f"expected an object of options, found {_kind_of(raw)}")
    for name in raw:
        if name not in KNOWN_OPTIONS:
            raise PrismdError.invalid(
                f"{_FIELD}.{_printable(name)}",
                f"there is no option {quoted(name)}{nearest(name, KNOWN_OPTIONS)}",
                "additionalProperties",
            )
    flags = {name: _flag(raw, name) for name in _FLAGS}
    options = ImportOptions(
        dedupe_by=_dedupe_by(raw.get("dedupe_by")),
        fold_case=flags["caseInsensitive"] is not False,
        on_match=_on_match(raw.get("on_match"), update_existing=flags["update_existing"]),
        create_missing_options=bool(flags["create_missing_options"]),
        dry_run=bool(flags["dry_run"]),
        require_key=bool(flags["require_key"]),
        list_id=_list_id(raw),
        require_list_stage=bool(flags["require_list_stage"]),
    )
    if options.require_key and options.dedupe_by is None:
        raise PrismdError.invalid(
            f"{_FIELD}.require_key", "it needs dedupe_by, which names the key that rows must have"
        )
    if options.require_list_stage and options.list_id is None:
        message = "it needs list_id, which names the list in which rows must have a stage"
        raise PrismdError.invalid(f"{_FIELD}.require_list_stage", message)
    return options


def _list_id(raw: Mapping[str, object]) -> str | None:
    given = {name: raw[name] for name in _LIST_NAMES if raw.get(name) is not None}
    for name, value in given.items():
        if not isinstance(value, str):
            raise PrismdError.invalid(f"{_FIELD}.{name}", f"expected the id of a list, found {_kind_of(value)}")
    ids = [str(value).lower() for value in given.values()]
    if len(set(ids)) > 1:
        raise PrismdError.invalid(f"{_FIELD}.crm_id", "it is the old name of list_id and names another list", "enum")
    return ids[0] if ids else None


def _flag(raw: Mapping[str, object], name: str) -> bool | None:
    value = raw.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise PrismdError.invalid(f"{_FIELD}.{name}", f"expected true or false, found {_kind_of(value)}")


def _dedupe_by(value: object) -> str | None:
    field = f"{_FIELD}.dedupe_by"
    if isinstance(value, list):
        if len(value) != 1:
            keyword = "minItems" if not value else "maxItems"
            raise PrismdError.invalid(field, f"expected exactly one property slug, found {len(value)}", keyword)
        value = value[0]
        if value is None:
            raise PrismdError.invalid(field, "expected a property slug, found null")
    if value is None:
        return None
    if not isinstance(value, str):
        raise PrismdError.invalid(field, f"expected the slug of one property, found {_kind_of(value)}")
    if is_blank(value):
        raise PrismdError.invalid(field, "expected exactly one property slug, found an empty text", "minLength")
    return value


def _on_match(value: object, *, update_existing: bool | None) -> OnMatch:
    field = f"{_FIELD}.on_match"
    if value is None:
        return OnMatch.UPDATE if update_existing else OnMatch.SKIP
    if not isinstance(value, str) or value not in list(OnMatch):
        found = quoted(value) if isinstance(value, str) else _kind_of(value)
        raise PrismdError.invalid(field, f"expected one of skip, update, fill, found {found}", "enum")
    if update_existing is not None and update_existing != (value == OnMatch.UPDATE):
        raise PrismdError.invalid(field, f"{quoted(value)} contradicts update_existing; give one of the two", "enum")
    return OnMatch(value)


def _kind_of(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", str: "a text", list: "an array", dict: "an object"}
    return names.get(type(value), "a number")


def _printable(name: str) -> str:
    return quoted(name)[1:-1]
