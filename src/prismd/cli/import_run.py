"""One run of `prismd import`, from the file to the summary."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from prismd.cli.failed_rows import FailedRows
from prismd.cli.import_summary import Summary
from prismd.cli.progress import Meter
from prismd.client.batches import batches
from prismd.client.calls import ClientError, Outside, PrismClient
from prismd.client.columns import ColumnPlan, check_key, plan_columns
from prismd.client.imports import Job, is_prismd, properties_of
from prismd.client.journal import Identity, Journal, Journals, Target
from prismd.client.run import ImportRun
from prismd.files.csv_rows import CsvRows
from prismd.files.opening import ImportFile, open_file
from prismd.files.rows import FileRow

#: Options that other servers might pass over in silence, and then write what was not to be written.
_PRISMD_ONLY: Final = {"dry_run": "--dry-run", "on_match": "--on-match fill", "require_key": "--require-key"}
#: How many rows are read between two looks at whether the file is still the same.
_ROWS_PER_LOOK: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked for on the command line.

    Args:
        file: The file to import.
        object_type: What its rows are.
        options: The import's options on the wire (contract, sections 10.1 and 22).
        form: The file's format, or None to tell by the name.
        encoding: The file's encoding.
        delimiter: The sign between cells, or None to find it.
        separator: The sign between values inside a cell.
        clear_token: The text of a cell that erases, or None.
        ignore_unknown_columns: Leave out columns that are no property.
        batch_rows: The most rows of a request.
        failed: Where failed rows go.
        again: Begin anew where an earlier run stopped.
    """

    file: Path
    object_type: str
    options: Mapping[str, object]
    form: str | None
    encoding: str
    delimiter: str | None
    separator: str
    clear_token: str | None
    ignore_unknown_columns: bool
    batch_rows: int
    failed: Path
    again: bool

    @property
    def reading(self) -> dict[str, object]:
        """What decides how the file becomes requests."""
        names = ("form", "encoding", "delimiter", "separator", "clear_token", "ignore_unknown_columns", "batch_rows")
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True)
class Run:
    """An import and how far it has come, for whoever has to say so when it is cut short.

    Args:
        order: What was asked for.
        client: The server.
        journals: Where journals are kept.
        meter: Shows the progress.
        say: Takes sentences for people.
    """

    order: Order
    client: PrismClient
    journals: Journals
    meter: Meter
    say: Callable[[str], None]
    journal: Journal | None = None
    rows: int = 0
    _stamp: tuple[int, int] = (0, 0)

    @property
    def standing(self) -> str:
        """How far the import has come, in words; empty before anything was sent."""
        return f"{self.journal.tally.rows:,} of {self.rows:,} rows are done" if self.journal else ""

    @property
    def job_under_way(self) -> str | None:
        """The job that the server is at work on, as far as is known."""
        return self.journal.pending.job_id if self.journal and self.journal.pending else None

    def carry_out(self, outside: Outside) -> Summary:
        """Import the file and return what became of it.

        Args:
            outside: Time and chance.

        Raises:
            FileProblemError: The file cannot be imported.
            ClientError: The server cannot be used, or the import cannot go on.
        """
        began, order = outside.monotonic(), self.order
        file = open_file(order.file, form=order.form, encoding=order.encoding, delimiter=order.delimiter)
        plan = self._checked(file)
        self._stamp = _stamp(order.file)
        self.meter.begin(f"checking {order.file.name}", self._stamp[0], "bytes")
        survey = file.survey(self.meter.show)
        target = Target(self.client.base_url, self.client.team, order.object_type, survey.sha256)
        self.rows = survey.rows
        with self.journals.alone(target):
            journal, resumed = self._journal(Identity(target, dict(order.options), order.reading), plan, outside)
            failed = FailedRows(
                Path(journal.failed_file), file.source.columns, journal.failed_bytes if resumed else None
            )
            with closing(failed):
                self._import(_planned(file, journal, order), failed, journal)
            self.journals.remove(journal)
        return Summary(
            file=order.file,
            object_type=order.object_type,
            base_url=self.client.base_url,
            dry_run=bool(order.options.get("dry_run")),
            resumed=resumed,
            seconds=outside.monotonic() - began,
            tally=journal.tally,
            failed_file=failed.path if journal.tally.failed else None,
        )

    def _checked(self, file: ImportFile) -> ColumnPlan:
        """Ask the server what it knows, so that a mistake is told before anything is sent."""
        order = self.order
        properties = properties_of(self.client, order.object_type)
        asked = [flag for name, flag in _PRISMD_ONLY.items() if name in order.options]
        if asked and not is_prismd(self.client):
            raise ClientError(
                f"{self.client.base_url} is no prismd and might pass over {' and '.join(asked)}; not sent"
            )
        columns = None
        if isinstance(file.source, CsvRows) and not file.source.holds_json:
            columns = file.source.columns
        dedupe_by = order.options.get("dedupe_by")
        if isinstance(dedupe_by, str):
            check_key(dedupe_by, columns, properties)
        if columns is None:
            return ColumnPlan()
        return plan_columns(columns, properties, ignore_unknown=order.ignore_unknown_columns)

    def _journal(self, identity: Identity, plan: ColumnPlan, outside: Outside) -> tuple[Journal, bool]:
        earlier = self.journals.of_target(identity.target)
        if self.order.again:
            for journal in earlier:
                self.journals.remove(journal)
            earlier = []
        same = next((journal for journal in earlier if journal.identity == identity), None)
        if same is not None:
            self.journal = same
            self.say(f"An import of this file began {same.started} and did not end; {self.standing}.")
            return same, True
        self._refuse_other_options(identity, earlier)
        self.journal = Journal(
            identity=identity,
            run_id=secrets.token_hex(16),
            started=outside.now().isoformat(timespec="seconds"),
            failed_file=str(self.order.failed.absolute()),
            multiple=sorted(plan.multiple),
            ignored=sorted(plan.ignored),
        )
        self.journals.save(self.journal)
        return self.journal, False

    def _refuse_other_options(self, identity: Identity, earlier: list[Journal]) -> None:
        if identity.options.get("dry_run"):
            return
        for journal in earlier:
            if not journal.identity.options.get("dry_run"):
                raise ClientError(
                    f"an import of the same file with other options began {journal.started} and did not end "
                    f"({journal.tally.rows:,} rows are done); give those options again to go on with it, or --again "
                    "to begin anew"
                )

    def _import(self, file: ImportFile, failed: FailedRows, journal: Journal) -> None:
        tally, rows_max = journal.tally, self.order.batch_rows
        if self.order.options.get("dry_run") and "dedupe_by" in self.order.options and self.rows > rows_max:
            self.say(
                f"Rows are tried {rows_max:,} at a time; a row that only matches one of an earlier batch counts as new."
            )
        self.meter.begin(f"importing {self.order.file.name}", self.rows, "rows")
        self.meter.show(tally.rows)

        def watch(job: Job) -> None:
            failures = tally.failed + (job.failed or 0)
            self.meter.show(tally.rows + (job.processed or 0), f"{failures:,} failed" if failures else _waiting(job))

        run = ImportRun(self.client, self.order.options, journal, self.journals.save, watch)
        for outcome in run.outcomes(batches(self._unchanged(file), rows_max)):
            for row, verdict in outcome:
                problem = tally.count(row, verdict)
                if problem is not None:
                    failed.write(row, problem.code or "unknown", problem.message or "no reason given")
            if outcome.job_id:
                tally.job_ids.append(outcome.job_id)
            # Only now is the batch done: an end before this line brings it back, under the same key.
            journal.batches_done, journal.pending = outcome.batch.number, None
            journal.failed_bytes = failed.flush()
            self.journals.save(journal)
            self.meter.show(tally.rows, f"{tally.failed:,} failed" if tally.failed else "")

    def _unchanged(self, file: ImportFile) -> Iterator[FileRow]:
        for row in file.rows():
            if row.number % _ROWS_PER_LOOK == 1 and _stamp(file.path) != self._stamp:
                raise ClientError("the file has changed while it was being read; nothing of the change was sent")
            yield row


def _waiting(job: Job) -> str:
    return "waiting for its turn" if job.state == "queued" else ""


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _planned(file: ImportFile, journal: Journal, order: Order) -> ImportFile:
    if not isinstance(file.source, CsvRows):
        return file
    source = replace(
        file.source,
        multiple=frozenset(journal.multiple),
        ignored=frozenset(journal.ignored),
        separator=order.separator,
        clear_token=order.clear_token,
    )
    return replace(file, source=source)
