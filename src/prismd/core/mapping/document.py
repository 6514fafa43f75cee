"""The mapping document: which columns of a table become which properties, step by step, and which are left out."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from prismd.core.json.text import NotJsonError, decode_exactly
from prismd.core.json.unknown_members import no_field
from prismd.core.mapping.steps import Step, Words
from prismd.core.wording.quoting import quoted

#: The version of the document's form; a later form gets another number, and this one stays readable.
VERSION: Final = 1

#: The most bytes of a document as JSON, and the most rules, columns and steps in it.
DOCUMENT_BYTES_MAX: Final = 4 * 2**20
RULES_MAX: Final = 2_000
COLUMNS_MAX: Final = 20_000
COLUMNS_OF_RULE_MAX: Final = 1_000
STEPS_MAX: Final = 50

Blank = Literal["keep", "clear", "refuse"]
PlainType = Literal["str", "text", "num", "bool", "date", "select_str", "multiselect_str", "multi_str"]
Slug = Annotated[str, Meta(min_length=1, max_length=64)]
ColumnName = Annotated[str, Meta(max_length=10_000)]
Nth = Annotated[int, Meta(ge=1, le=COLUMNS_MAX)]


class Cells(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What cells without a value mean, in every column that does not say otherwise.

    Args:
        blank: What an empty cell does to the value that a record has: ``keep`` it, ``clear`` it, or ``refuse`` the row.
        absent: The same for a row that ends before the column.
        clear: A cell with exactly this text clears the value.
        null_words: Cells with exactly one of these texts, white space around them apart, count as empty.
    """

    blank: Blank = "keep"
    absent: Blank = "keep"
    clear: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    null_words: Words | None = None


class Column(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A column of the table, with what its cells without a value mean where that is not as in the other columns.

    Args:
        column: Its name in the header, exactly; empty for a column without a name.
        nth: Which one is meant of several with this name, from 1, from the left.
        blank: As for all cells.
        absent: As for all cells.
        clear: As for all cells; the empty text takes the clearing word of all cells away.
        null_words: As for all cells; an empty list takes those of all cells away.
    """

    column: ColumnName
    nth: Nth | None = None
    blank: Blank | None = None
    absent: Blank | None = None
    clear: Annotated[str, Meta(max_length=200)] | None = None
    null_words: Annotated[tuple[str, ...], Meta(max_length=100)] | None = None


class Make(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A property that is to be made, because the team has none for the column.

    Args:
        name: What people read.
        type: The wire's type name of a property that is no reference (contract, section 13.2).
    """

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    type: PlainType = "str"


class Rule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"columns": "from"}):
    """How one property gets its values: from columns by steps, or one value for all rows.

    Args:
        to: The slug of the property.
        columns: The columns, by name or with more about them; the values of all of them, in this order.
        steps: What is done to the values, in this order.
        constant: The same value for every row, instead of columns; null clears.
        change: What the values do to those that a record has: ``replace`` them, or ``append`` to them.
        make: The property is to be made first, where there is none with this slug.
    """

    to: Slug
    columns: Annotated[tuple[ColumnName | Column, ...], Meta(max_length=COLUMNS_OF_RULE_MAX)] = ()
    steps: Annotated[tuple[Step, ...], Meta(max_length=STEPS_MAX)] = ()
    constant: str | int | bool | list[str] | msgspec.UnsetType | None = msgspec.UNSET
    change: Literal["replace", "append"] = "replace"
    make: Make | None = None


class MappingDocument(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"schema_page": "$schema"}
):
    """A mapping of the columns of a table to the properties of one object type.

    Every column of a table has a place in it: a rule, ``leave_out`` or ``empty``; a column without one is refused.

    Args:
        version: 1.
        type: The object type whose properties are meant, such as ``contact``; any without it.
        rules: One for each property.
        leave_out: Columns whose values are not imported.
        empty: Columns that have no values; a row that has one in such a column is refused.
        other_columns: What becomes of a column that the document does not name.
        cells: What cells without a value mean.
        schema_page: Where editors find the JSON Schema of this form; it changes nothing.
    """

    version: Literal[1]
    rules: Annotated[tuple[Rule, ...], Meta(max_length=RULES_MAX)] = ()
    type: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    leave_out: Annotated[tuple[ColumnName | Column, ...], Meta(max_length=COLUMNS_MAX)] = ()
    empty: Annotated[tuple[ColumnName | Column, ...], Meta(max_length=COLUMNS_MAX)] = ()
    other_columns: Literal["refuse", "leave_out"] = "refuse"
    cells: Cells = Cells()
    schema_page: Annotated[str, Meta(max_length=2_000)] | None = None


class NotAMappingError(ValueError):
    """A text is no mapping document; the message names the member, what was expected and what to do."""


def read_document(text: bytes) -> MappingDocument:
    """Return the mapping document of a JSON text.

    Args:
        text: JSON in UTF-8; a byte order mark before it is ignored.

    Raises:
        NotAMappingError: It is too large, is no JSON, repeats a member, or has another form.
    """
    if len(text) > DOCUMENT_BYTES_MAX:
        raise NotAMappingError(
            f"the mapping has {len(text):,} bytes and may have at most {DOCUMENT_BYTES_MAX:,}; leave out what it "
            "repeats"
        )
    try:
        value = decode_exactly(text.removeprefix(b"\xef\xbb\xbf"))
    except NotJsonError as error:
        raise NotAMappingError(f"the mapping is no JSON: {error}") from None
    return document_of(value)


def document_of(value: Any) -> MappingDocument:  # noqa: ANN401 - JSON is any value
    """Return the mapping document of a decoded JSON value.

    Args:
        value: Any JSON value.

    Raises:
        NotAMappingError: It has another form.
    """
    version = value.get("version") if isinstance(value, dict) else None
    if isinstance(value, dict) and (version != VERSION or isinstance(version, bool)):
        shown = "no version" if version is None else f"version {quoted(str(version))}"
        raise NotAMappingError(f'the mapping has {shown}; this program reads version {VERSION}: write "version": 1')
    try:
        return msgspec.convert(value, MappingDocument)
    except (msgspec.ValidationError, RecursionError) as error:
        raise NotAMappingError(f"the mapping has another form than {_SCHEMA_PAGE} says: {_reason(error)}") from None


def written_document(document: MappingDocument) -> bytes:
    """Return a mapping document as JSON that people can read, with a line break at its end.

    Args:
        document: The document.
    """
    # The version is no default, because each document states it.
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


_SCHEMA_PAGE: Final = "docs/mapping.schema.json"


#: How the reader of types names a member that it does not know.
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    message, at, path = str(error).partition(" - at `$")
    where = path.rstrip("`").lstrip(".") if at else ""
    if (unknown := _UNKNOWN.fullmatch(message)) is not None:
        return no_field(unknown[1], _members_at(where), where or "the document")
    return f"{where or 'the document'}: {message}"


def _members_at(where: str) -> list[str]:
    """Return the members that an object can have, by its path in the document."""
    last = re.sub(r"\[\d+\]$", "", where).rpartition(".")[2]
    types = {"": MappingDocument, "rules": Rule, "make": Make, "cells": Cells, "steps": None}
    found = types.get(last, Column)
    return [] if found is None else [field.encode_name for field in msgspec.structs.fields(found)]
