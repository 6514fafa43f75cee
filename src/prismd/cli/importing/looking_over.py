"""The check of a file before anything is sent: its columns, its rows, and probable mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from prismd.cli.importing.looking_over_tables import LookedOverTable, Remembered, TableLook
from prismd.cli.importing.order import Order
from prismd.cli.importing.saved_mappings import SavedMappings
from prismd.core.tables.dialects.csv_cells import DELIMITERS
from prismd.files.csv_rows import CsvRows
from prismd.files.deciding.asking import Asker
from prismd.files.deciding.table_reading import EmptyTableError
from prismd.files.formats import form_of
from prismd.files.json_rows import JsonRows
from prismd.files.kept_rows import KeptRows
from prismd.files.mapped_file import MappedFile
from prismd.files.ndjson_rows import NdjsonRows
from prismd.files.opening import ROW_FORMATS, ImportFile, Survey, open_file
from prismd.files.packing import MemberInDoubtError, content_of
from prismd.files.rows import FailedFileError, FileProblemError, FileRow
from prismd.importer.calls import ClientError, PrismClient
from prismd.importer.columns import ColumnPlan, check_key, plan_columns
from prismd.importer.imports import KnownProperty, is_prismd, properties_of, targets_from
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
        table: What was decided about a table whose columns are mapped; None for other files.
    """

    file: ImportFile | MappedFile
    survey: Survey
    ignored: list[str]
    notes: list[str]
    table: LookedOverTable | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a look at a file needs besides the file and the server.

    Args:
        tell: Called after each chunk with the number of bytes read so far.
        asker: Answers what is in doubt.
        saved: The user's mappings.
        remembered: Finds what an interrupted import decided about a table.
        stack: Gives temporary files back at its end.
        kept: Keeps the rows for when they are sent.
    """

    tell: Callable[[int], None]
    asker: Asker
    saved: SavedMappings
    remembered: Remembered
    stack: ExitStack
    kept: KeptRows


def look_over(order: Order, client: PrismClient, around: Surroundings) -> LookedOver:
    """Read the whole file once, and compare it with the server's properties, so that mistakes are found early.

    A file whose columns are properties by their slugs is imported as it is. The columns of any other table are mapped.

    Args:
        order: The arguments of the command.
        client: The server.
        around: What the look needs besides.

    Raises:
        FileProblemError: The file cannot be imported.
        InDoubtError: Something about the file is in doubt, and nobody can be asked.
        ClientError: The server cannot be used, or the file does not fit its properties.
    """
    found = _by_slugs(order)
    properties = properties_of(client, order.object_type)
    _check_server(order, client)
    if isinstance(found, ImportFile) and (properties is None or _fits(order, found, properties)):
        return _looked_over(order, found, properties, around)
    if properties is None:
        raise FileProblemError("the server does not list its properties, so the columns of a table cannot be mapped")
    look = TableLook(order, targets_from(properties), around.saved, around.asker, around.stack, around.kept)
    try:
        table = look.looked_over(around.tell, around.remembered)
    except EmptyTableError:
        raise (found if isinstance(found, FileProblemError) else FileProblemError("the file holds no table")) from None
    return LookedOver(table.file, table.survey, table.ignored, table.notes, table)


def _by_slugs(order: Order) -> ImportFile | FileProblemError:
    """Return the file as one whose columns are slugs, or why it cannot be read so.

    Raises:
        FileProblemError: It can be read in no other way either.
    """
    if order.wants_table:
        return FileProblemError("the file holds no table; expected a header and rows")
    try:
        return open_file(
            order.file, form=order.form or _form_of_input(order), encoding=order.encoding, delimiter=order.delimiter,
            member=order.table.member,
        )  # fmt: skip
    except MemberInDoubtError as error:
        return error
    except FailedFileError:
        raise
    except FileProblemError as error:
        if order.form in ("json", "ndjson") or "encoding" in order.explicit or not _may_be_table(order):
            raise
        return error


def _form_of_input(order: Order) -> str | None:
    if not order.is_standard_input:
        return None
    found = form_of(content_of(order.file, order.table.member), needs_name=False)
    return found if found in ROW_FORMATS else None


def _may_be_table(order: Order) -> bool:
    """Return whether the file may be a table that is read in another way, by what its format is.

    Raises:
        FileProblemError: The file cannot be read, or its format is not.
    """
    content = content_of(order.file, order.table.member)
    form = order.form or form_of(content, needs_name=not order.is_standard_input)
    return form not in ("json", "ndjson")


def _fits(order: Order, file: ImportFile, properties: Mapping[str, KnownProperty]) -> bool:
    """Return whether the columns of a file are properties by their slugs, or are to be left out where they are not."""
    columns = _columns(file)
    if columns is None or order.ignore_unknown_columns:
        return True
    # With a delimiter that seems to be the wrong one, the columns are refused with that advice.
    wrong = len(columns) == 1 and "delimiter" in order.explicit and any(sign in columns[0] for sign in DELIMITERS)
    return wrong or all(not name or name in properties for name in columns)


def _check_server(order: Order, client: PrismClient) -> None:
    asked = [flag for name, flag in _PRISMD_ONLY.items() if name in order.options]
    if asked and not is_prismd(client):
        raise ClientError(f"{client.base_url} is no prismd and might pass over {' and '.join(asked)}; not sent")


def _looked_over(
    order: Order, found: ImportFile, properties: Mapping[str, KnownProperty] | None, around: Surroundings
) -> LookedOver:
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

    def look(row: FileRow) -> None:
        order.hold(row)
        suspicions.look(row)
        around.kept.keep(row)

    survey = file.survey(around.tell, look)
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
