"""Row templates: a pattern recognises rows with the shape of an earlier row, which are stored exactly as sent.

The invariant
    ``TemplatedRowParser(…, rule=rule).parse_all(rows)`` equals ``[RowParser(…).parse(row) for row in rows]`` followed
    by ``find_keys(rule, …)``, for every list of rows.

Before
    A template is made from a row that ``RowParser`` accepted, that is stored exactly as sent, that consists of texts
    only, and that has no references.

After
    A template returns a row or None. After None, ``RowParser`` reads the row. A template never refuses a row.

Why the outcome cannot differ
    1. A row that fits the pattern is JSON of the template's shape: the same slugs in the same order, each once, and
       each value a text without escapes and control characters. So every slug is known, and no value clears a property
       or changes an array.
    2. The size of the row is within the limits of a row and of a text.
    3. A value of a property that accepts every such text needs no further check. Every other value passes the
       property's own parser and must come out exactly as sent, unless it is a day that every month has.
    4. The bytes are valid UTF-8, as JSON requires.
    5. The same :class:`KeyRule` makes the keys from the value.
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

#: A text without escapes; JSON allows no control characters in it.
_TEXT: Final = rb'[^"\\\x00-\x1f]*'
#: A day that every month has. Nearly all days are such, and they need no check against the calendar.
_USUAL_DAY: Final = rb"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"

#: Bytes of a row outside of the object that the pattern captures.
_AROUND: Final = len(b'{"default":}')

#: Maximum number of templates: rows of a file have few shapes, and making a template costs as much as reading 100 rows.
_TEMPLATES_MAX: Final = 8


class RowTemplate:
    """Recognises rows of one shape: the same texts in the same order, without escapes and white space around them.

    Recognising a row takes half the time of decoding it.

    Args:
        slugs: Slugs of the texts, in order.
        parsers: Parsers by slug, of the properties that do not accept every text.
        dates: Slugs of the date properties; a day is stored exactly as sent.
        rule: The key rule of the import; None for an import without keys.
        row_bytes_max: Maximum size of a row, in bytes of JSON; larger rows do not fit.
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
        """Return a row of this shape with its keys; None if the row has another shape or can be invalid.

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
            return Row(SentTexts(json), True, False)  # noqa: FBT003 - by position is fastest
        value = groups[self._key_group].decode() if self._key_group else None
        keys, hashes = self._rule.keys_and_hashes(value)
        return Row(SentTexts(json), True, False, keys, hashes)  # noqa: FBT003 - by position is fastest


class TemplatedRowParser(RowParser):
    """Reads rows like :class:`RowParser`, most of them by templates made from earlier rows.

    Args:
        schema: The schema of the rows' type.
        limits: The limits of rows and values.
        list_id: A list that every row's record joins; ``list`` can hold slugs of this list without its id.
        require_stage: Whether to refuse rows without a stage in that list.
        rule: The key rule of the import; None for an import without keys.
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
