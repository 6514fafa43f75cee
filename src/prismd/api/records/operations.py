"""What the operations on single records and batches of them take and answer (contract, sections 11 and 16.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from prismd.api.document.operation import (
    DELETED,
    ETAG,
    IDEMPOTENCY_KEY,
    RECORDS,
    REPLAY,
    Operation,
    Parameter,
    Reply,
    filter_by,
)
from prismd.api.document.shapes import ObjectProperties, Total
from prismd.api.records.shapes import (
    BatchIds,
    BatchResult,
    BatchUpdateBody,
    FindOrCreateBody,
    FoundOrCreated,
    Record,
    RecordChanges,
)
from prismd.core.api_keys.scopes import Scope
from prismd.core.properties.schema import IMPORTABLE_TYPES

_RECORD: Final = f"{RECORDS}/{{recordId}}"
_LOOKUP: Final = f"{RECORDS}/by/{{slug}}/{{value}}"

_SELECT: Final = Parameter("select", "query", "Slugs of the properties wanted, with commas; all where absent.")
_LIST: Final = Parameter(
    "list_id",
    "query",
    "A list of records of the type: its properties can be named by slug alone, and what is written is put into it.",
)
_COUNTED_LIST: Final = Parameter("list_id", "query", "Count only the records in this list.")
_CONDITIONS: Final = (
    Parameter("If-Match", "header", "Only if the record has one of these entity tags; `*`: if there is one."),
    Parameter("If-None-Match", "header", "Only if the record has none of these entity tags; `*`: if there is none."),
)
_CONDITIONS_OF_ITEMS: Final = tuple(
    replace(one, meaning=f"For each item: {one.meaning[0].lower()}{one.meaning[1:]}") for one in _CONDITIONS
)
_ALLOW_TAKEN_KEY: Final = filter_by(
    "allow_taken_key", "`true`: also where another record has a value by which they are told apart.", ("true", "false")
)
_KNOWN: Final = (
    Parameter(
        "If-None-Match",
        "header",
        "Versions that the caller has: without `select`, 304 and no body if it is one of them.",
    ),
    Parameter("If-Match", "header", "Answer only if the record has one of these entity tags."),
)
_NOT_MODIFIED: Final = Reply(304, "The caller has this version.", headers=ETAG)
_ITEMS: Final = "Items are independent of each other; one that fails spares the rest. At most 100."

_ANSWERED: Final = ETAG | REPLAY

_READS: Final = (
    Operation(
        name="getRecord",
        method="GET",
        path=_RECORD,
        tag="Records",
        scopes=(Scope.READ,),
        summary="Read a record",
        parameters=(_SELECT, _LIST, *_KNOWN),
        replies=(Reply(200, "The record.", Record, ETAG), _NOT_MODIFIED),
        errors=("precondition_failed", "not_found", "method_not_allowed"),
    ),
    Operation(
        name="countRecords",
        method="GET",
        path=f"{RECORDS}/count",
        tag="Records",
        scopes=(Scope.READ,),
        summary="Count records",
        parameters=(_COUNTED_LIST, DELETED),
        replies=(Reply(200, "How many there are, without deleted ones unless they are asked for.", Total),),
        errors=("not_found", "method_not_allowed"),
    ),
    Operation(
        name="findRecord",
        method="GET",
        path=_LOOKUP,
        tag="Records",
        scopes=(Scope.READ,),
        summary="Find the one record that has a value",
        description="Compared as imports compare keys: without regard to case and outer spaces.",
        parameters=(_SELECT, _LIST, *_KNOWN),
        replies=(Reply(200, "The record.", Record, ETAG), _NOT_MODIFIED),
        errors=("precondition_failed", "not_found", "multiple_matches", "method_not_allowed"),
    ),
)

_WRITES: Final = (
    Operation(
        name="createRecord",
        method="POST",
        path=RECORDS,
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Make a record",
        description="Nothing is de-duplicated: two equal requests make two records.",
        parameters=(_LIST, *_CONDITIONS, IDEMPOTENCY_KEY),
        body=ObjectProperties,
        replies=(Reply(201, "The record.", Record, _ANSWERED),),
        errors=("not_found", "method_not_allowed", "precondition_failed"),
    ),
    Operation(
        name="updateRecord",
        method="PATCH",
        path=_RECORD,
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Change a record",
        description=(
            "Properties that are not named stay as they are; null clears. An array replaces, `[]` clears, and "
            '`{"_op": "append" or "remove", "values": [...]}` changes it.'
        ),
        parameters=(_LIST, *_CONDITIONS, IDEMPOTENCY_KEY),
        body=RecordChanges,
        replies=(Reply(200, "The record as it is now.", Record, _ANSWERED),),
        errors=("not_found", "method_not_allowed", "precondition_failed"),
    ),
    Operation(
        name="upsertRecord",
        method="PUT",
        path=_LOOKUP,
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Change the one record that has a value, or make it",
        description="A record that is made gets the value; a body that gives it another one instead is refused.",
        parameters=(_LIST, *_CONDITIONS, IDEMPOTENCY_KEY),
        body=RecordChanges,
        replies=(
            Reply(200, "There was one; it has been changed.", Record, _ANSWERED),
            Reply(201, "There was none; it has been made.", Record, _ANSWERED),
        ),
        errors=("not_found", "multiple_matches", "method_not_allowed", "precondition_failed"),
    ),
    Operation(
        name="deleteRecord",
        method="DELETE",
        path=_RECORD,
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Delete a record",
        description="It can be restored.",
        parameters=(*_CONDITIONS,),
        replies=(Reply(204, "It is deleted."),),
        errors=("not_found", "method_not_allowed", "precondition_failed"),
    ),
    Operation(
        name="restoreRecord",
        method="POST",
        path=f"{_RECORD}/restore",
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Take the deletion of a record back",
        description=(
            "A record that is not deleted stays as it is. Where another record has its address, its domain, or another "
            "value by which records were told apart, it is 409 unless that is allowed."
        ),
        parameters=(_ALLOW_TAKEN_KEY, *_CONDITIONS, IDEMPOTENCY_KEY),
        replies=(Reply(200, "The record.", Record, _ANSWERED),),
        errors=("not_found", "method_not_allowed", "precondition_failed", "key_taken"),
    ),
    Operation(
        name="duplicateRecord",
        method="POST",
        path=f"{_RECORD}/duplicate",
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Make a record with the values and lists of another",
        parameters=(*_CONDITIONS, IDEMPOTENCY_KEY),
        replies=(Reply(201, "The new record.", Record, _ANSWERED),),
        errors=("not_found", "method_not_allowed", "precondition_failed"),
    ),
)

_BATCHES: Final = (
    Operation(
        name="updateRecords",
        method="POST",
        path=f"{RECORDS}/batch/update",
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Change several records",
        description=f"{_ITEMS} Items for the same record are done in the order in which they stand.",
        parameters=(_LIST, *_CONDITIONS_OF_ITEMS, IDEMPOTENCY_KEY),
        body=BatchUpdateBody,
        object_types=IMPORTABLE_TYPES,
        replies=(Reply(200, "What became of each item, also if all failed.", BatchResult, REPLAY),),
        errors=("not_found", "method_not_allowed"),
    ),
    Operation(
        name="deleteRecords",
        method="POST",
        path=f"{RECORDS}/batch/delete",
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Delete several records",
        description=f"{_ITEMS} They can be restored.",
        parameters=(*_CONDITIONS_OF_ITEMS, IDEMPOTENCY_KEY),
        body=BatchIds,
        object_types=IMPORTABLE_TYPES,
        replies=(Reply(200, "What became of each item, also if all failed.", BatchResult, REPLAY),),
        errors=("method_not_allowed",),
    ),
    Operation(
        name="restoreRecords",
        method="POST",
        path=f"{RECORDS}/batch/restore",
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Take the deletion of several records back",
        description=f"{_ITEMS} A record that is not deleted stays as it is; one whose key is taken is `key_taken`.",
        parameters=(_ALLOW_TAKEN_KEY, *_CONDITIONS_OF_ITEMS, IDEMPOTENCY_KEY),
        body=BatchIds,
        replies=(Reply(200, "What became of each item, also if all failed.", BatchResult, REPLAY),),
        errors=("method_not_allowed",),
    ),
    Operation(
        name="purgeRecords",
        method="POST",
        path=f"{RECORDS}/batch/purge",
        tag="Records",
        scopes=(Scope.ADMIN,),
        summary="Remove several deleted records for good",
        description=f"{_ITEMS} Only deleted records are purged; nothing brings them back.",
        parameters=(*_CONDITIONS_OF_ITEMS, IDEMPOTENCY_KEY),
        body=BatchIds,
        replies=(Reply(200, "What became of each item, also if all failed.", BatchResult, REPLAY),),
        errors=("method_not_allowed",),
    ),
    Operation(
        name="findOrCreateRecord",
        method="POST",
        path=f"{RECORDS}/find-or-create",
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Find the person of an address or the company of a domain, or make it",
        description=(
            "An identity is found through a contact with the address; where no contact has it, that is made too. "
            "A record that is found stays as it is."
        ),
        parameters=(*_CONDITIONS, IDEMPOTENCY_KEY),
        body=FindOrCreateBody,
        object_types=("identity", "organization"),
        replies=(
            Reply(200, "It was found.", FoundOrCreated, _ANSWERED),
            Reply(201, "It was made.", FoundOrCreated, _ANSWERED),
        ),
        errors=("multiple_matches", "method_not_allowed", "precondition_failed"),
    ),
)

RECORD_OPERATIONS: Final = (*_READS, *_WRITES, *_BATCHES)
