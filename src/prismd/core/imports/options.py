"""The options of an import: reading them from a request, and their meaning (contract, sections 10.1, 21 and 22)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final, Self

from msgspec import Meta, Struct

from prismd.core.errors import PrismdError
from prismd.core.json.shapes import Words, fitted, look_over, member, names_of, nullable
from prismd.core.records.missing_references import OnMissing
from prismd.core.values.blanks import is_blank
from prismd.core.wording.quoting import nearest, quoted

#: What ``dedupe_by`` names if rows are about the records whose ids they give; no property has this slug.
OWN_ID: Final = "id"


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
        unreadable: Types whose records the caller cannot read; determined once, when the import is accepted.
        on_missing: What happens to a reference by key that leads to no record, by slug; for all slugs, if it has None.
        missing: The same by property key, of properties that do not refuse; determined when the import is accepted.
        makes: The types of records that such references create, in the order of their locks; determined then, too.
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
    unreadable: tuple[str, ...] = ()
    on_missing: tuple[tuple[str | None, OnMissing], ...] = ()
    missing: tuple[tuple[str, OnMissing], ...] = ()
    makes: tuple[str, ...] = ()

    @property
    def changes_matches(self) -> bool:
        """Whether rows can change the values of matched records."""
        return self.on_match is not OnMatch.SKIP

    def to_json(self) -> dict[str, Any]:
        """Return the options as they are stored with a job."""
        return {name: value for name, value in asdict(self).items() if value != ()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the options that were stored with a job."""
        policies = {name: _policies(stored.get(name, ())) for name in ("on_missing", "missing")}
        names = {name: tuple(stored.get(name, ())) for name in ("unreadable", "makes")}
        return cls(**{**stored, "on_match": OnMatch(stored["on_match"]), **policies, **names})


def _policies(stored: Iterable[tuple[Any, str]]) -> tuple[tuple[Any, OnMissing], ...]:
    return tuple((name, OnMissing(policy)) for name, policy in stored)


_FIELD: Final = ".body.options"
_FLAG: Final = Words("true or false")
_LIST: Final = Words("the id of a list")
_KEY: Final = Words("the slug of one property")
_Slug = Annotated[str, Meta(extra_json_schema={"pattern": r"\S"})]
_OneSlug = Annotated[
    list[Any],
    Meta(extra_json_schema={"items": {"type": "string", "pattern": r"\S"}, "minItems": 1, "maxItems": 1}),
]


_POLICY: Final = {"enum": [str(one) for one in OnMissing]}


class ImportOptionsBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of an import."""

    dedupe_by: Annotated[
        _Slug | _OneSlug | None,
        member("Slug of the property whose value decides that a row is a record that exists already.", _KEY),
    ] = None
    caseInsensitive: Annotated[bool | None, member("Compare keys without regard to case.", _FLAG)] = True  # noqa: N815 - the contract's name
    update_existing: Annotated[bool | None, member("Write the row's values into the matched record.", _FLAG)] = None
    create_missing_options: Annotated[bool | None, member("Unknown select values become options.", _FLAG)] = None
    dry_run: Annotated[bool | None, member("Judge every row, write nothing.", _FLAG)] = None
    on_match: Annotated[
        Any,
        member(
            "What happens to a matched record; `fill` writes only where it has no value.",
            schema=nullable({"enum": [str(one) for one in OnMatch]}),
        ),
    ] = None
    on_missing_reference: Annotated[
        Any,
        member(
            "What happens to a reference by key that leads to no record: the row is refused, the reference is left out,"
            " or the record is created. One of the words, or an object of them by slug.",
            schema={"anyOf": [{"type": "null"}, _POLICY, {"type": "object", "additionalProperties": _POLICY}]},
        ),
    ] = None
    require_key: Annotated[bool | None, member("A row without a key value is an error.", _FLAG)] = None
    list_id: Annotated[
        str | None, member("A list that every row is put into; its slugs come first, also in `dedupe_by`.", _LIST)
    ] = None
    crm_id: Annotated[str | None, member("Old name of `list_id`.", _LIST)] = None
    require_list_stage: Annotated[
        bool | None, member("A row without its stage in the list, `app_stage` or `status`, is an error.", _FLAG)
    ] = None


KNOWN_OPTIONS: Final = names_of(ImportOptionsBody)

look_over(ImportOptionsBody)


def read_options(raw: object) -> ImportOptionsBody | None:
    """Return the options of a request exactly as the caller sent them.

    Args:
        raw: The decoded JSON value of its member ``options``; None if it has no such member.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong option.
    """
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise PrismdError.invalid(_FIELD, f"expected an object of options, found {_kind_of(raw)}")
    for name in raw:
        if name not in KNOWN_OPTIONS:
            raise PrismdError.invalid(
                f"{_FIELD}.{_printable(name)}",
                f"there is no option {quoted(name)}{nearest(name, KNOWN_OPTIONS)}",
                "additionalProperties",
            )
    return fitted(raw, ImportOptionsBody, _FIELD, _kind_of)


def meant(asked: ImportOptionsBody | None) -> ImportOptions:
    """Return the meaning of options.

    Args:
        asked: The options exactly as the caller sent them; None if the request has none.

    Raises:
        PrismdError: ``invalid_request``: an option has an invalid value, or contradicts another one.
    """
    if asked is None:
        return ImportOptions()
    options = ImportOptions(
        dedupe_by=_dedupe_by(asked.dedupe_by),
        fold_case=asked.caseInsensitive is not False,
        on_match=_on_match(asked.on_match, update_existing=asked.update_existing),
        create_missing_options=bool(asked.create_missing_options),
        dry_run=bool(asked.dry_run),
        require_key=bool(asked.require_key),
        list_id=_list_id(asked),
        require_list_stage=bool(asked.require_list_stage),
        on_missing=_on_missing(asked.on_missing_reference),
    )
    if options.require_key and options.dedupe_by is None:
        raise PrismdError.invalid(
            f"{_FIELD}.require_key", "it needs dedupe_by, which names the key that rows must have"
        )
    if options.require_list_stage and options.list_id is None:
        message = "it needs list_id, which names the list in which rows must have a stage"
        raise PrismdError.invalid(f"{_FIELD}.require_list_stage", message)
    return options


def _list_id(asked: ImportOptionsBody) -> str | None:
    ids = [one.lower() for one in (asked.list_id, asked.crm_id) if one is not None]
    if len(set(ids)) > 1:
        raise PrismdError.invalid(f"{_FIELD}.crm_id", "it is the old name of list_id and names another list", "enum")
    return ids[0] if ids else None


def _dedupe_by(value: str | list[Any] | None) -> str | None:
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


def _on_missing(value: object) -> tuple[tuple[str | None, OnMissing], ...]:
    field = f"{_FIELD}.on_missing_reference"
    if isinstance(value, dict):
        return tuple((slug, _policy(one, f"{field}.{_printable(slug)}")) for slug, one in value.items())
    return () if value is None else ((None, _policy(value, field)),)


def _policy(value: object, field: str) -> OnMissing:
    if not isinstance(value, str) or value not in list(OnMissing):
        found = quoted(value) if isinstance(value, str) else _kind_of(value)
        raise PrismdError.invalid(field, f"expected one of refuse, empty, create, found {found}", "enum")
    return OnMissing(value)


def _kind_of(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", str: "a text", list: "an array", dict: "an object"}
    return names.get(type(value), "a number")


def _printable(name: str) -> str:
    return quoted(name)[1:-1]
