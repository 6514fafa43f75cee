"""The row of a record: the members ``default`` and ``list`` as an import takes them, and what else is asked for.

A value that a record does not have is left out. Options are shown by their labels, unless a label means another option
or several: then by slug, or else by id. So every text means the same option when it is read back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from prismd.core.exports.selection import READABLE_KEYS, Exported
from prismd.core.properties.option_names import OptionNames
from prismd.core.properties.schema import LISTS_KEY, Kind, Property
from prismd.core.queries.rows import Shown
from prismd.core.queries.semantics import QueriedRecord
from prismd.core.values.blanks import is_blank

_CONTACT: Final = "contact"

#: The records behind references, by type and id.
Behind = dict[tuple[str, str], QueriedRecord]

_Show = Callable[[Any, Behind], Any]


class RowWriter:
    """Makes the rows of one export.

    Args:
        wanted: What the export shows of each record.
    """

    def __init__(self, wanted: Exported) -> None:
        self._wanted = wanted
        self._own = {key: (one.prop.slug, _shows(one, wanted)) for key, one in wanted.own.items()}
        self._of_lists = {
            key: (prop.list_id or "", prop.slug, _shows(Shown(prop), wanted)) for key, prop in wanted.of_lists.items()
        }

    def row(self, record: QueriedRecord, behind: Behind) -> dict[str, Any]:
        """Return the row of a record.

        Args:
            record: The record, with the values that the export shows.
            behind: The records behind its references.
        """
        row: dict[str, Any] = {} if self._wanted.importable else {"id": record.id}
        own, of_lists = self._own, self._of_lists
        default: dict[str, Any] = {}
        lists = self._lists(record) if self._wanted.shows_lists else {}
        for key, value in record.properties.items():
            if key in own:
                if value is not None and value != []:
                    slug, show = own[key]
                    default[slug] = show(value, behind)
            elif key in of_lists:
                list_id, slug, show = of_lists[key]
                if list_id in lists and value is not None and value != []:
                    lists[list_id][slug] = show(value, behind)
        row["default"] = default
        if lists:
            row["list"] = lists
        if record.deleted_at is not None and not self._wanted.importable:
            row["deleted_at"] = record.deleted_at
        return row

    def _lists(self, record: QueriedRecord) -> dict[str, dict[str, Any]]:
        only = self._wanted.list_id
        return {list_id: {} for list_id in record.properties.get(LISTS_KEY) or () if only in (None, list_id)}


def _shows(one: Shown, wanted: Exported) -> _Show:
    if one.refers:
        return _refers(one, wanted)
    if one.prop.kind is Kind.SELECT:
        names = _names(one.prop)
        return lambda value, _: names.get(value, value)
    if one.prop.kind is Kind.MULTISELECT:
        names = _names(one.prop)
        return lambda value, _: [names.get(item, item) for item in value]
    return lambda value, _: value


def _names(prop: Property) -> dict[str, str]:
    """Return the text that stands for each option, by its id."""
    names = OptionNames(prop.options)

    def name(option_id: str, *texts: str) -> str:
        meant = (text for text in texts if (found := names.meant(text).option) and found.id == option_id)
        return next(meant, option_id)

    return {option.id: name(option.id, option.value, option.slug) for option in prop.options}


def _refers(one: Shown, wanted: Exported) -> _Show:
    target = one.prop.target or ""
    inner = [(slug, within.prop, _shows(within, wanted)) for slug, within in one.inner.items()]

    def with_values(record_id: str, behind: Behind) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": record_id}
        found = behind.get((target, record_id))
        for slug, prop, show in inner:
            value = None if found is None else found.stored(prop)
            shown[slug] = None if value is None else show(value, behind)
        return shown

    def by_key(record_id: str, behind: Behind) -> str | dict[str, str]:
        found = behind.get((target, record_id))
        key = None if found is None else found.properties.get(READABLE_KEYS[target])
        if not isinstance(key, str) or is_blank(key):
            return record_id
        # An address alone makes its contact where there is none.
        return key if target == _CONTACT and "@" in key else {READABLE_KEYS[target]: key}

    def by_id(record_id: str, _: Behind) -> str:
        return record_id

    show: Callable[[str, Behind], Any] = by_id if not inner else by_key if wanted.importable else with_values
    if one.prop.holds_many:
        return lambda value, behind: [show(item, behind) for item in value]
    return show
