"""Names in views: the view keeps ids of properties and options, and shows their present names.

Each name is recorded with the id that it refers to when it is written. The property or option can later be renamed or
deleted, or another one can take its name: the view still refers to the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from prismd.core.properties.schema import Kind, Property
from prismd.core.queries.paths import Path, Schemas
from prismd.core.values.property_values import OPTION_CHARS_MAX, InvalidValueError, ValueLimits, parser_for
from prismd.core.views.definitions import View

_SELECTS: Final = (Kind.SELECT, Kind.MULTISELECT)
#: Limits for reading a name as the single value of an option.
_ONE_NAME: Final = ValueLimits(OPTION_CHARS_MAX, 1)
#: Prefix of a slug that belongs to no property, such as a record's id; its meaning never changes.
_FIXED: Final = "="

#: Ids of the properties along a path, by the text of the path.
_Paths = dict[str, tuple[str, ...]]
#: Id of an option, by the text of a path and the text of a value.
_Options = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class TodaysView:
    """A view with present names.

    Args:
        view: The view; its definition has present names.
        paths: Properties for texts that a query would resolve to another property; None if the property is deleted.
    """

    view: View
    paths: Mapping[str, Path | None] = field(default_factory=dict)


class ViewNames:
    """Records and resolves the names in a team's views.

    Args:
        schemas: The schemas of all types.
    """

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._by_id = {prop.id: prop for schema in schemas.values() for prop in schema}
        self._parsers: dict[str, tuple[Callable[[object], object], set[str]]] = {}

    def noted(self, view: View) -> View:
        """Return a view with the ids that its names refer to; ids recorded earlier stay."""
        known = view.names or {}
        paths: _Paths = {text: tuple(ids) for text, ids in known.get("paths", {}).items()}
        options: _Options = {text: dict(named) for text, named in known.get("options", {}).items()}
        for text in _path_texts(view.definition):
            if text not in paths and (ids := self._ids(view, text)):
                paths[text] = ids
        for text, value in _option_texts(view.definition):
            prop = self._by_id.get(paths.get(text, ("",))[-1])
            if prop is None or value in options.get(text, {}):
                continue
            option_id = self._option(prop, value)
            if option_id is not None:
                options.setdefault(text, {})[value] = option_id
        used = set(_path_texts(view.definition))
        return replace(view, names={
            "paths": {text: list(ids) for text, ids in paths.items() if text in used},
            "options": {text: named for text, named in options.items() if text in used},
        })  # fmt: skip

    def today(self, view: View) -> TodaysView:
        """Return a view with present names."""
        if view.names is None:
            return TodaysView(view)
        paths: _Paths = {text: tuple(ids) for text, ids in view.names.get("paths", {}).items()}
        options: _Options = view.names.get("options", {})
        renamed = {text: self._path_name(view, text, ids) for text, ids in paths.items()}
        values = {
            text: {value: self._option_name(paths.get(text, ()), value, option) for value, option in named.items()}
            for text, named in options.items()
        }
        meant = {renamed[text]: self._meant(view, renamed[text], ids) for text, ids in paths.items()}
        others = {text: path for text, (path, is_plain) in meant.items() if not is_plain}
        if all(text == name for names in (renamed, *values.values()) for text, name in names.items()):
            return TodaysView(view, others)
        names = {
            "paths": {renamed[text]: list(ids) for text, ids in paths.items()},
            "options": {
                renamed.get(text, text): {values[text][value]: option for value, option in named.items()}
                for text, named in options.items()
            },
        }
        definition = _renamed(view.definition, renamed, values)
        return TodaysView(replace(view, definition=definition, names=names), others)

    # --- properties ---

    def _ids(self, view: View, text: str) -> tuple[str, ...]:
        """Return the ids along a path; empty if it contains no property of the team."""
        ids: list[str] = []
        schema, scope = self._schemas.get(view.object_type), view.list_id
        for slug in text.split("."):
            prop = schema.get(slug, scope) if schema is not None else None
            ids.append(prop.id if prop is not None and prop.id else f"{_FIXED}{slug}")
            schema, scope = self._schemas.get((prop and prop.target) or ""), None
        return () if all(one.startswith(_FIXED) for one in ids) else tuple(ids)

    def _path_name(self, view: View, text: str, ids: tuple[str, ...]) -> str:
        if self._ids(view, text) == ids:
            return text
        props = [self._by_id.get(one) for one in ids]
        if all(prop is not None or one.startswith(_FIXED) for prop, one in zip(props, ids, strict=True)):
            return ".".join(prop.slug if prop else one[1:] for prop, one in zip(props, ids, strict=True))
        # A deleted property keeps its last name, unless the name now belongs to another property.
        return ".".join(one.removeprefix(_FIXED) for one in ids) if self._ids(view, text) else text

    def _meant(self, view: View, text: str, ids: tuple[str, ...]) -> tuple[Path | None, bool]:
        """Return the path that a text refers to, and whether a query resolves the text to the same path."""
        if self._ids(view, text) == ids:
            return None, True
        props = [self._by_id.get(one) for one in ids]
        *steps, leaf = (prop for prop in props if prop is not None) if all(props) else (None,)
        return (None if leaf is None else Path(text, tuple(step for step in steps if step), leaf)), False

    # --- options ---

    def _option(self, prop: Property, value: str) -> str | None:
        if prop.kind not in _SELECTS:
            return None
        if prop.id not in self._parsers:
            known = {name for option in prop.options for name in (option.id, option.slug, option.value)}
            self._parsers[prop.id] = parser_for(prop, _ONE_NAME), known
        parse, known = self._parsers[prop.id]
        if value not in known and value.lower() not in known:  # much quicker to see than what is wrong with it
            return None
        try:
            parsed = parse(value)
        except InvalidValueError:
            return None
        found = parsed if isinstance(parsed, list) else [parsed]
        return str(found[0]) if len(found) == 1 and any(found[0] == option.id for option in prop.options) else None

    def _option_name(self, ids: tuple[str, ...], value: str, option_id: str) -> str:
        prop = self._by_id.get(ids[-1]) if ids else None
        now = None if prop is None else self._option(prop, value)
        if now == option_id:
            return value
        option = next((one for one in prop.options if one.id == option_id), None) if prop is not None else None
        if prop is not None and option is not None:
            return option.slug if self._option(prop, option.slug) == option_id else option_id
        # For a deleted option use its id, which matches nothing: its name can belong to another option by now.
        return option_id


# --- the names in a definition ---


def _path_texts(definition: Mapping[str, Any]) -> Iterator[str]:
    yield from (text for text in definition.get("select") or () if isinstance(text, str))
    for entry in (*(definition.get("filter") or ()), *(definition.get("sort") or ())):
        yield from entry
    for name in ("group_by", "aggregation_prop_def_id"):
        if isinstance(text := definition.get(name), str):
            yield text
    yield from _texts(definition.get("column_layout"))


def _option_texts(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for entry in definition.get("filter") or ():
        for text, test in entry.items():
            for value in _texts(list(test.values())):
                yield text, value
    if isinstance(group_by := definition.get("group_by"), str):
        for value in _texts(definition.get("group_hidden_option_ids")):
            yield group_by, value


def _texts(value: object) -> Iterator[str]:
    # Recursion is safe: stored definitions have a maximum depth.
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _renamed(
    definition: Mapping[str, Any], paths: Mapping[str, str], options: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    def path(text: str) -> str:
        return paths.get(text, text)

    changed = dict(definition)
    if "select" in changed:
        changed["select"] = [path(text) for text in changed["select"]]
    if "filter" in changed:
        changed["filter"] = [
            {path(text): _with_names(test, options.get(text, {}), keys=False) for text, test in entry.items()}
            for entry in changed["filter"]
        ]
    if "sort" in changed:
        changed["sort"] = [{path(text): way for text, way in entry.items()} for entry in changed["sort"]]
    group_by = changed.get("group_by")
    if "group_hidden_option_ids" in changed and isinstance(group_by, str):
        changed["group_hidden_option_ids"] = _with_names(changed["group_hidden_option_ids"], options.get(group_by, {}))
    for name in ("group_by", "aggregation_prop_def_id"):
        if isinstance(changed.get(name), str):
            changed[name] = path(changed[name])
    if "column_layout" in changed:
        changed["column_layout"] = _with_names(changed["column_layout"], paths)
    return changed


def _with_names(value: Any, names: Mapping[str, str], *, keys: bool = True) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [_with_names(one, names) for one in value]
    if isinstance(value, dict):
        renamed = {key: names.get(key, key) if keys else key for key in value}
        # If two keys would get the same name, all keys keep their present names.
        clear = len(set(renamed.values())) == len(renamed)
        return {renamed[key] if clear else key: _with_names(one, names) for key, one in value.items()}
    return value
