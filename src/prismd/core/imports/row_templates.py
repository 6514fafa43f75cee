"""Rows that look like one before them, as those of a file do: recognised by a pattern, and left as they were sent."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Final

import msgspec

from prismd.core.json.text import SentTexts
from prismd.core.records.fields import Row
from prismd.core.records.keys import KeyRule
from prismd.core.values.property_values import InvalidValueError, Parser

#: A text without escapes; control characters JSON does not allow.
_TEXT: Final = rb'[^"\\\x00-\x1f]*'
#: A day that every month has, as nearly all days are: it needs no look at the calendar.
_USUAL_DAY: Final = rb"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"


class Alike:
    """Recognises rows of one shape: the same texts in the same order, without white space between them or escapes.

    What the pattern fits is JSON, of which no key stands twice. Most of its texts are then right whatever they say; the
    others are picked out and looked at. It takes half of the time that it takes to make an object of each row.

    Args:
        slugs: Of the texts, in order.
        parsers: Of those that can be wrong; a row of which one is not stored as it was sent is none of these.
        dates: Those among them that hold dates, of which a day is stored as it was sent.
        rule: How keys of the rows are compared, if they are.
        bytes_max: Rows with more are none of these.
    """

    def __init__(
        self,
        slugs: tuple[str, ...],
        parsers: Mapping[str, Parser],
        dates: Container[str],
        rule: KeyRule | None,
        bytes_max: int,
    ) -> None:
        key = rule.slug if rule is not None and rule.key in slugs else None
        self._rule = rule
        self._bytes_max = bytes_max

        def value(slug: str) -> bytes:
            if slug not in parsers and slug != key:
                return _TEXT
            usual_day = b"%b|" % _USUAL_DAY if slug in dates and slug != key else b""
            return b"(?:%b(%b))" % (usual_day, _TEXT)

        texts = [b'"%b":"%b"' % (re.escape(slug.encode()), value(slug)) for slug in slugs]
        self._fits = re.compile(rb'\{"default":(\{' + b",".join(texts) + rb"\})\}").fullmatch
        picked = [slug for slug in slugs if slug in parsers or slug == key]
        self._checks = [(1 + place, parsers[slug]) for place, slug in enumerate(picked) if slug in parsers]
        self._key_place = 1 + picked.index(key) if key is not None else None

    def read(self, raw: bytes | msgspec.Raw) -> Row | None:
        """Return a row of this shape, its keys found; None where it is another or may be wrong.

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
            for place, parse in self._checks:
                found = groups[place]
                if found is not None and parse(sent := found.decode()) != sent:
                    return None
        except (InvalidValueError, UnicodeDecodeError):
            return None
        if self._rule is None:
            return Row(SentTexts(json), True, False)  # noqa: FBT003 - by place is fastest
        value = groups[self._key_place].decode() if self._key_place else None
        keys, hashes = self._rule.keys_and_hashes(value)
        return Row(SentTexts(json), True, False, keys, hashes)  # noqa: FBT003 - by place is fastest
