"""The steps of a mapping: what is done, in order, to the values of a property's columns."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

#: The most characters of a separator, a word or a sign.
WORD_CHARS_MAX: Final = 200
#: The most words of a list, and the most entries of a map.
WORDS_MAX: Final = 100
ENTRIES_MAX: Final = 10_000

Separator = Annotated[str, Meta(min_length=1, max_length=WORD_CHARS_MAX)]
Word = Annotated[str, Meta(min_length=1, max_length=WORD_CHARS_MAX)]
Words = Annotated[tuple[Word, ...], Meta(min_length=1, max_length=WORDS_MAX)]


class _Step(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do"):
    """One step; the member ``do`` says which."""


class Split(_Step, frozen=True, tag="split"):
    """Make several values of one, at each separator; empty parts are no values.

    Args:
        separator: The text between two values.
        trim: Remove white space around each value.
        pieces: The most values made of one text; the last one keeps the separators in it. No limit without it.
        part: Keep this part alone, from 1, or from -1 at the end; a text that has no such part has no value.
    """

    separator: Separator
    trim: bool = True
    pieces: Annotated[int, Meta(ge=2, le=1_000)] | None = None
    part: Annotated[int, Meta(ge=-1_000, le=1_000)] | None = None


class JsonArray(_Step, frozen=True, tag="json_array"):
    """Read cells that hold a JSON array of values; any other text is one value."""


class Join(_Step, frozen=True, tag="join"):
    """Make one value of those of all columns, in their order; blank ones leave no separator behind.

    Args:
        separator: The text between two values.
    """

    separator: Annotated[str, Meta(max_length=WORD_CHARS_MAX)] = " "


class FirstNonEmpty(_Step, frozen=True, tag="first"):
    """Keep the value of the first column that has one."""


class Trim(_Step, frozen=True, tag="trim"):
    """Remove white space and invisible characters from both ends."""


class Case(_Step, frozen=True, tag="case"):
    """Change the case of letters.

    Args:
        to: ``lower`` or ``upper`` for all letters; ``words`` begins each word with a capital and goes on small.
    """

    to: Literal["lower", "upper", "words"]


class ValueMap(_Step, frozen=True, tag="map"):
    """Replace values by others, such as the words of another program by the options of a property.

    Args:
        values: What each value becomes; null makes it blank.
        ignore_case: Whether values count whatever their case.
        trim: Whether values count without white space around them.
        otherwise: What becomes of a value that is not in the map: the row is refused, or the value is kept.
    """

    values: Annotated[dict[str, str | None], Meta(min_length=1, max_length=ENTRIES_MAX)]
    ignore_case: bool = False
    trim: bool = True
    otherwise: Literal["refuse", "keep"] = "refuse"


class Date(_Step, frozen=True, tag="date"):
    """Read dates and moments that are not written as year-month-day.

    Args:
        order: The order of year, month and day; a date that names its month or begins with its year tells its own.
        century_from: The first of the hundred years that two digits mean, as in 1950; without it, two are refused.
    """

    order: Literal["ymd", "dmy", "mdy"]
    century_from: Annotated[int, Meta(ge=1000, le=9900)] | None = None


class Number(_Step, frozen=True, tag="number"):
    """Read numbers as people write them.

    Args:
        decimal: The sign before decimals.
        thousands: The sign between groups of three digits; empty for none.
        currency: Signs and codes of the one currency that may stand beside the number; any other is refused.
        percent: What a percent sign means: ``refuse`` takes none, ``whole`` makes 5 of "5 %", ``fraction`` makes 0.05.
    """

    decimal: Literal[".", ","]
    thousands: Annotated[str, Meta(max_length=1)] = ""
    currency: Annotated[tuple[Word, ...], Meta(max_length=WORDS_MAX)] = ()
    percent: Literal["refuse", "whole", "fraction"] = "refuse"


class Boolean(_Step, frozen=True, tag="boolean"):
    """Read true and false by stated words, whatever their case.

    Args:
        true: The words for true.
        false: The words for false; no word of ``true``.
    """

    true: Words
    false: Words


class Phone(_Step, frozen=True, tag="phone"):
    """Write phone numbers in the form of E.164, such as +493012345678.

    Args:
        region: The country of numbers without a country code, as in ``DE``; without it, such numbers are refused.
    """

    region: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None


class Email(_Step, frozen=True, tag="email"):
    """Take e-mail addresses alone, without white space around them."""


class Domain(_Step, frozen=True, tag="domain"):
    """Make a domain of a web address: https://www.example.org/team becomes example.org.

    Args:
        keep_www: Whether a first part ``www`` belongs to the domain.
    """

    keep_www: bool = False


class Text(_Step, frozen=True, tag="text"):
    """Write numbers, truth values and dates of spreadsheets as texts: 42, 1.5, true, 2024-05-31, 10:30:00."""


Step = (
    Split
    | JsonArray
    | Join
    | FirstNonEmpty
    | Trim
    | Case
    | ValueMap
    | Date
    | Number
    | Boolean
    | Phone
    | Email
    | Domain
    | Text
)
