"""Row templates: rows with the shape of an earlier row are recognised by a pattern, and stay as they were sent.

The invariant
    ``TemplatedRowParser(…, rule=rule).parse_all(rows)`` is ``[RowParser(…).parse(row) for row in rows]``, with the keys
    that ``find_keys(rule, …)`` finds in them; this holds for every list of rows.

Before
    A template is made of a row that ``RowParser`` accepted, that is stored just as it was sent, that consists of texts
    alone, and that refers to no record.

After
    A template returns a row or None. Where it returns None, ``RowParser`` reads the row. It never refuses a row.

Why the outcome cannot differ
    1. A row that fits the pattern is JSON of the template's shape: the same slugs in the same order, each once, and
       each value a text without escapes and control characters. So every slug is known, and no value clears or changes
       an array.
    2. The row is not larger than a row and a text may be.
    3. A value of a property that accepts every such text needs no further check. Every other value goes through the
       property's own parser and must come out as it was sent, unless it is a day that every month has.
    4. The bytes are UTF-8, as JSON has to be.
    5. The keys are made of the key's value by the same :class:`KeyRule`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from typing import Final

import msgspec

from prismd.core.json.text import SentTexts
from prismd.core.properties.schema import ObjectSchema
from prismd.core.records.fields import Row
from prismd.core.records.keys import KeyRule
from prismd.core.records.rows import RefusedRow, RowLimits, RowParser, Rows
from prismd.core.values.property_values import InvalidValueError, Parser

#: A text without escapes; control characters JSON does not allow.
_TEXT: Final = rb'[^"\\\x00-\x1f]*'
#: A day that every month has, as nearly all days are: it needs no look at the calendar.
_USUAL_DAY: Final = rb"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"

#: Bytes of a row beside the object that the pattern picks out.
_AROUND: Final = len(b'{"default":}')

#: Rows of a file have few shapes, and making a template takes as long as reading a hundred rows.
_TEMPLATES_MAX: Final = 8


class RowTemplate:
    """Recognises rows of one shape: the same texts in the same order, without white space between them or escapes.

    It takes half of the time that it takes to make an object of each row.

    Args:
        slugs: Of the texts, in order.
        parsers: Of the properties that do not accept every text, by slug.
        dates: Slugs of those that hold dates; a day is stored as it was sent.
        rule: How keys of the rows are compared; None where they are not.
        row_bytes_max: A larger row does not fit.
    """

    def __init__(
        self,
        slugs: tuple[str, ...],
        parsers: Mapping[str, Parser],
        dates: Container[str],
        rule: KeyRule | None,
        row_bytes_max: int,
    ) -> None:
        key = rule.slug if rule is not None and rule.key in slugs else None
        self._rule = rule
        self._bytes_max = row_bytes_max - _AROUND

        def value(slug: str) -> bytes:
            if slug not in parsers and slug != key:
                return _TEXT
            usual_day = b"%b|" % _USUAL_DAY if slug in dates and slug != key else b""
            return b"(?:%b(%b))" % (usual_day, _TEXT)

        texts = [b'"%b":"%b"' % (re.escape(slug.encode()), value(slug)) for slug in slugs]
        self._fits = re.compile(rb'\{"default":(\{' + b",".join(texts) + rb"\})\}").fullmatch
        picked = [slug for slug in slugs if slug in parsers or slug == key]
        self._checks = [(group, parsers[slug]) for group, slug in enumerate(picked, 1) if slug in parsers]
        self._key_group = 1 + picked.index(key) if key is not None else None

    def read(self, raw: bytes | msgspec.Raw) -> Row | None:
        """Return a row of this shape with its keys; None where the row has another shape or may be wrong.

        Args:
            raw: JSON text of the row.
        """
        match = self._fits(raw)
        if match is None:
            return None
        groups = match.groups()
        json = groups[0]
        if len(json) > self._bytes_max:
            return None
        try:
            if not json.isascii():
                json.decode()
            for group, parse in self._checks:
                found = groups[group]
                if found is not None and parse(sent := found.decode()) != sent:
                    return None
        except (InvalidValueError, UnicodeDecodeError):
            return None
        if self._rule is None:
            return Row(SentTexts(json), True, False)  # noqa: FBT003 - by place is fastest
        value = groups[self._key_group].decode() if self._key_group else None
        keys, hashes = self._rule.keys_and_hashes(value)
        return Row(SentTexts(json), True, False, keys, hashes)  # noqa: FBT003 - by place is fastest


class TemplatedRowParser(RowParser):
    """Reads rows as :class:`RowParser` does, and most of them by the templates of earlier ones.

    Args:
        schema: The team's properties of the object type.
        limits: How large rows and values may be.
        list_id: A list of the team that every row is put into, and whose slugs ``list`` may hold without its id.
        require_stage: Refuse rows that do not say their stage in that list.
        rule: How keys of the rows are compared; None where they are not.
    """

    def __init__(
        self,
        schema: ObjectSchema,
        limits: RowLimits,
        list_id: str | None = None,
        *,
        require_stage: bool = False,
        rule: KeyRule | None = None,
    ) -> None:
        super().__init__(schema, limits, list_id, require_stage=require_stage)
        self._rule = rule
        self._templates: dict[tuple[str, ...], RowTemplate] = {}
        self._latest: RowTemplate | None = None

    def parse_all(self, rows: Sequence[bytes | msgspec.Raw]) -> Rows:
        """Return the values of rows, each as :meth:`parse` returns it.

        Args:
            rows: JSON texts of rows.
        """
        parsed: Rows = []
        for raw in rows:
            row: Row | RefusedRow | None = self._latest.read(raw) if self._latest else None
            if row is None:
                row = self.parse(raw)
                if type(row) is Row and type(row.values) is SentTexts and not row.refers:
                    self._latest = self._template(tuple(row.values))
            parsed.append(row)
        return parsed

    def _template(self, shape: tuple[str, ...]) -> RowTemplate | None:
        if shape not in self._templates and len(self._templates) < _TEMPLATES_MAX:
            most = min(self._limits.row_bytes_max, self._limits.values.text_chars_max)
            fields = self._default
            self._templates[shape] = RowTemplate(shape, fields.parsers_besides_texts, fields.dates, self._rule, most)
        return self._templates.get(shape)
