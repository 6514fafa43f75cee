"""What the command line says about a table: how it is read, and what its columns become."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from prismd.files.decoding import canonical_encoding
from prismd.importer.calls import ClientError

#: Options that answer a question about the whole table, and those that may name a column: ``COLUMN=VALUE``.
WHOLE: Final = ("encoding", "delimiter", "quote", "skip_rows", "header_lines", "footer_rows", "short_rows", "table")
OF_COLUMNS: Final = {
    "date_format": re.compile("ymd|dmy|mdy"),
    "century": re.compile(r"\d{4}"),
    "decimal": re.compile("[.,]"),
}
_EXPECTED: Final = {"date_format": "ymd, dmy or mdy", "century": "a year such as 1930", "decimal": ". or ,"}
_QUOTE: Final = re.compile(r"none|[^\w\s\\]\\?")
#: The names of questions whose options have another name.
_QUESTIONS: Final = {"header_lines": "header", "footer_rows": "footer"}
_RANGE: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_JSON_NULLS: Final = ("clear", "keep")
_NULLS: Final = ("blank", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOrder:
    """What the command line says about a table.

    Args:
        sheet: The sheet of a workbook.
        member: The file in an archive.
        answers: Answers to questions, by their keys.
        document: The file or the name of a saved mapping.
        pairs: What single columns become: a slug, ``+slug`` for a property to be made, ``-`` for nothing.
        only: The columns to import, by name or position; empty for all.
        append: Properties whose values are added to those that a record has.
        make_properties: Make a property for each column that has none.
        leave_out: Leave out each column that has no property.
        save_as: The name under which the mapping is saved.
    """

    sheet: str | None = None
    member: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    document: str | None = None
    pairs: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    append: tuple[str, ...] = ()
    make_properties: bool = False
    leave_out: bool = False
    save_as: str | None = None

    @property
    def asks_for_mapping(self) -> bool:
        """Whether something is said that only a mapping can do."""
        return bool(self.document or self.pairs or self.only or self.append or self.make_properties or self.save_as)

    @property
    def identity(self) -> dict[str, object]:
        """What determines how the file becomes requests, as JSON values, as the journal has it."""
        names = ("sheet", "member", "document", "make_properties", "leave_out")
        found: dict[str, object] = {name: getattr(self, name) for name in names}
        lists = {"only": list(self.only), "append": list(self.append)}
        return {**found, **lists, "answers": dict(self.answers), "pairs": dict(self.pairs)}


def table_order(given: Mapping[str, Any], explicit: Sequence[str]) -> TableOrder:
    """Return what options say about a table.

    Args:
        given: All options by name.
        explicit: The names of options that the command line has; others hold defaults.

    Raises:
        ClientError: An option has a form that it cannot have.
    """
    answers = {
        _QUESTIONS.get(name, name): str(given[name]) for name in WHOLE if name in explicit and given[name] is not None
    }
    if "encoding" in answers:
        answers["encoding"] = canonical_encoding(answers["encoding"])
    if sign_given := delimiter_of(answers.get("delimiter")):
        answers["delimiter"] = sign_given
    if not _QUOTE.fullmatch(answers.get("quote", "none")):
        raise ClientError(
            f"--quote is one sign, a backslash behind it where that protects signs, or none; found {given['quote']!r}"
        )
    for name, expected in OF_COLUMNS.items():
        for text in given[name]:
            column, sign, value = text.rpartition("=")
            if not expected.fullmatch(value):
                flag = name.replace("_", "-")
                raise ClientError(
                    f'--{flag}: expected {_EXPECTED[name]}, maybe after a column such as "Birthday=", found {text!r}'
                )
            answers[f"{name}:{column}" if sign else name] = value
    for text in given["null"]:
        column, sign, value = text.rpartition("=")
        if value in _NULLS:
            answers[f"null:{column}" if sign else "null"] = value
        elif sign or value not in _JSON_NULLS:
            raise ClientError(
                f"--null is clear or keep for JSON, or blank or text for words such as N/A; found {text!r}"
            )
    document, pairs = _mapping(given["map"])
    return TableOrder(
        sheet=given["sheet"],
        member=given["member"],
        answers=answers,
        document=document,
        pairs=pairs,
        only=tuple(part for text in given["columns"] for part in text.split(",")),
        append=tuple(given["append"]),
        make_properties=given["make_properties"],
        leave_out=given["ignore_unknown_columns"],
        save_as=given["save_mapping"],
    )


def _mapping(given: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    documents = [text for text in given if "=" not in text or Path(text).is_file()]
    pairs = {}
    for text in given:
        if text not in documents:
            column, _, value = text.rpartition("=")
            if not value or column in pairs:
                raise ClientError(
                    f'--map is a file, a saved name, or COLUMN=slug such as "First Name=first_name", once for each '
                    f"column; found {text!r}"
                )
            pairs[column] = value
    if len(documents) > 1 or (documents and pairs):
        raise ClientError("--map names a whole mapping, which stands alone; change the mapping, or give columns alone")
    return (documents[0] if documents else None), pairs


def delimiter_of(given: str | None) -> str | None:
    """Return the sign between cells that a person means.

    Args:
        given: As it is typed, such as ``;`` or ``tab``.

    Raises:
        ClientError: It is no single sign.
    """
    sign = {"tab": "\t", "\\t": "\t"}.get(given or "", given)
    if sign is not None and (len(sign) != 1 or sign in '"\r\n'):
        raise ClientError(f'--delimiter must be one character other than ", found {given!r}')
    return sign


def positions_of(name: str, names: Sequence[str], flag: str) -> list[int]:
    """Return the positions of the columns that a part of the command line means.

    Args:
        name: A name, a position from 1, or positions such as ``3-5``.
        names: Of all columns.
        flag: The option, for messages.

    Raises:
        ClientError: There is no such column, or there are several.
    """
    found = [at for at, known in enumerate(names) if known == name]
    if len(found) == 1:
        return found
    if len(found) > 1:
        raise ClientError(f"{flag}: {len(found)} columns are named {name!r}; give the position, such as {found[0] + 1}")
    numbers = _RANGE.fullmatch(name.strip())
    if numbers:
        first, last = int(numbers[1]), int(numbers[2] or numbers[1])
        if 0 < first <= last <= len(names):
            return list(range(first - 1, last))
        raise ClientError(f"{flag}: expected columns from 1 to {len(names)}, found {name}")
    shown = ", ".join(f'"{known}"' for known in names[:20])
    raise ClientError(f"{flag}: there is no column {name!r}; the table has {shown}")
