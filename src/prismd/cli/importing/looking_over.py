"""The check of a file before anything is sent: its columns, its rows, and probable mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from prismd.cli.importing.order import Order
from prismd.files.csv_rows import CsvRows
from prismd.files.json_rows import JsonRows
from prismd.files.ndjson_rows import NdjsonRows
from prismd.files.opening import ImportFile, Survey, open_file
from prismd.importer.calls import ClientError, PrismClient
from prismd.importer.columns import ColumnPlan, check_key, plan_columns
from prismd.importer.imports import is_prismd, properties_of
from prismd.importer.suspicions import CsvSuspicions, JsonSuspicions

#: Options that other servers might ignore, so that they would write what should not be written.
_PRISMD_ONLY = {"dry_run": "--dry-run", "on_match": "--on-match fill", "require_key": "--require-key"}


@dataclass(frozen=True, slots=True)
class LookedOver:
    """A file that can be imported.

    Args:
        file: The file, with the plan of its columns.
        survey: The findings of one pass through it.
        ignored: Columns that are not sent, by name, or by position where they have no name.
        notes: Sentences about columns that are left out, and about probable mistakes.
    """

    file: ImportFile
    survey: Survey
    ignored: list[str]
    notes: list[str]


def look_over(order: Order, client: PrismClient, tell: Callable[[int], None]) -> LookedOver:
    """Read the whole file once, and compare it with the server's properties, so that mistakes are found early.

    Args:
        order: The arguments of the command.
        client: The server.
        tell: Called after each chunk with the number of bytes read so far.

    Raises:
        FileProblemError: The file cannot be imported.
        ClientError: The server cannot be used, or the file does not fit its properties.
    """
    found = open_file(order.file, form=order.form, encoding=order.encoding, delimiter=order.delimiter)
    properties = properties_of(client, order.object_type)
    asked = [flag for name, flag in _PRISMD_ONLY.items() if name in order.options]
    if asked and not is_prismd(client):
        raise ClientError(f"{client.base_url} is no prismd and might pass over {' and '.join(asked)}; not sent")
    columns = _columns(found)
    dedupe_by = order.options.get("dedupe_by")
    if isinstance(dedupe_by, str):
        check_key(dedupe_by, columns, properties)
    plan = ColumnPlan()
    if columns is not None:
        plan = plan_columns(columns, properties, ignore_unknown=order.ignore_unknown_columns)
    file = _planned(found, plan, order)
    read_only = frozenset(slug for slug, known in (properties or {}).items() if known.read_only)
    suspicions = _suspicions(file, order, read_only)
    survey = file.survey(tell, suspicions.look)
    if isinstance(suspicions, JsonSuspicions):
        suspicions.check()
    return LookedOver(file, survey, list(_ignored(file)), [*_nameless(file), *suspicions.sentences()])


def _columns(file: ImportFile) -> tuple[str, ...] | None:
    return file.source.columns if isinstance(file.source, CsvRows) and not file.source.holds_json else None


def _planned(file: ImportFile, plan: ColumnPlan, order: Order) -> ImportFile:
    source = file.source
    if isinstance(source, CsvRows):
        strips = order.apostrophes == "strip" or (source.of_failures and order.apostrophes is None)
        source = replace(
            source,
            multiple=plan.multiple,
            ignored=plan.ignored,
            separator=order.separator,
            clear_token=order.clear_token,
            nulls_are_blank=order.nulls_are_blank,
            unescapes=strips,
        )
    elif isinstance(source, JsonRows | NdjsonRows):
        source = replace(source, nulls_are_blank=order.nulls_are_blank)
    return replace(file, source=source)


def _suspicions(file: ImportFile, order: Order, read_only: frozenset[str]) -> CsvSuspicions | JsonSuspicions:
    source = file.source
    if isinstance(source, CsvRows) and not source.holds_json:
        return CsvSuspicions(source, minds_apostrophes=order.apostrophes is None and not source.of_failures)
    return JsonSuspicions(read_only, updates=bool(order.options.get("update_existing")))


def _ignored(file: ImportFile) -> Iterator[str]:
    if isinstance(file.source, CsvRows):
        for position, name in enumerate(file.source.columns, start=1):
            if name in file.source.ignored or not name:
                yield name or f"column {position}"


def _nameless(file: ImportFile) -> Iterator[str]:
    if isinstance(file.source, CsvRows) and "" not in file.source.ignored:
        for position in file.source.unnamed:
            yield f"Column {position} has no name and holds nothing; it is left out."
