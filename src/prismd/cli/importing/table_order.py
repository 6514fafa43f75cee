"""What the command line says about a table: how it is read, and what its columns become."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from prismd.files.deciding.table_order import TableOrder
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
_JSON_NULLS: Final = ("clear", "keep")
_NULLS: Final = ("blank", "text")


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
