"""The reference model of an import: plain, slow, and written without a look at the real thing.

Records are dicts in a list; every row looks at every record; nothing is cut, cached or hashed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any

LISTS = "/lists"


@dataclass
class ModelRecord:
    values: dict[str, Any]
    version: int = 1
    first_row: int | None = None
    id: str = ""


@dataclass
class ModelImport:
    """What an import by one key does to a list of records.

    A row names its values as records hold them, and under LISTS the lists that it puts its record into.
    """

    slug: str | None
    fold_case: bool
    on_match: str
    require_key: bool
    records: list[ModelRecord] = field(default_factory=list)

    def run(self, rows: list[dict[str, Any] | None]) -> list[dict[str, Any]]:
        """Return what is said of each row; None is a row that is refused for reasons of its own."""
        return [self.one(index, row) for index, row in enumerate(rows)]

    def one(self, index: int, row: dict[str, Any] | None) -> dict[str, Any]:
        if row is None:
            return {"outcome": "failed", "code": "refused"}
        keys = self.keys(row.get(self.slug)) if self.slug else set()
        if self.slug and not keys and self.require_key:
            return {"outcome": "failed", "code": "missing_key"}
        matches = [record for record in self.records if self.slug and keys & self.keys(record.values.get(self.slug))]
        if len(matches) > 1:
            return {"outcome": "failed", "code": "multiple_matches"}
        if not matches:
            made = ModelRecord({slug: value for slug, value in row.items() if value not in (None, [])}, 1, index)
            self.records.append(made)
            return {"outcome": "created", "record": made, "duplicate_of": None}
        return self.match(index, row, matches[0])

    def match(self, index: int, row: dict[str, Any], record: ModelRecord) -> dict[str, Any]:
        earlier = record.first_row
        if earlier is None:
            record.first_row = index
        before = dict(record.values)
        if self.on_match != "skip":
            for slug, value in row.items():
                blank: tuple[Any, ...] = (None, "", [])
                if slug == LISTS or (self.on_match == "fill" and (before.get(slug) not in blank or value in blank)):
                    continue
                record.values.pop(slug, None)
                if value not in (None, []):
                    record.values[slug] = value
        for list_id in row.get(LISTS, []):
            if list_id not in record.values.get(LISTS, []):
                record.values[LISTS] = [*record.values.get(LISTS, []), list_id]
        changed = record.values != before
        record.version += changed
        return {"outcome": "updated" if changed else "existing", "record": record, "duplicate_of": earlier}

    def keys(self, value: Any) -> set[str]:
        values = value if isinstance(value, list) else [value]
        return {key for one in values if one is not None and (key := self.key(one))}

    def key(self, value: str) -> str:
        text = unicodedata.normalize("NFC", value).strip()
        return unicodedata.normalize("NFC", text.casefold()) if self.fold_case else text
