"""Paths, parameters and replies that several operations on records share."""

from __future__ import annotations

from typing import Final

from prismd.api.document.operation import ETAG, RECORDS, REPLAY, Parameter, filter_by

RECORD: Final = f"{RECORDS}/{{recordId}}"
LOOKUP: Final = f"{RECORDS}/by/{{slug}}/{{value}}"
LIST: Final = Parameter(
    "list_id",
    "query",
    "A list of records of the type: its properties can be named by slug alone, and what is written is put into it.",
)
CONDITIONS: Final = (
    Parameter("If-Match", "header", "Only if the record has one of these entity tags; `*`: if there is one."),
    Parameter("If-None-Match", "header", "Only if the record has none of these entity tags; `*`: if there is none."),
)
ALLOW_TAKEN_KEY: Final = filter_by(
    "allow_taken_key", "`true`: also where another record has a value by which they are told apart.", ("true", "false")
)
ANSWERED: Final = ETAG | REPLAY
