"""One run of `prismd import`, from the file to the summary."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from prismd.cli.importing.doubts import PausingAsker
from prismd.cli.importing.failed_rows import FailedRows
from prismd.cli.importing.looking_over import LookedOver, Surroundings, look_over
from prismd.cli.importing.looking_over_tables import OF_LABELS, Decided
from prismd.cli.importing.order import Order
from prismd.cli.importing.outputs import Outputs
from prismd.cli.importing.progress import Meter
from prismd.cli.importing.results_file import ResultsFile
from prismd.cli.importing.same_command import same_command
from prismd.cli.importing.saved_mappings import SavedMappings
from prismd.cli.importing.summary import Summary
from prismd.files.csv_rows import CsvRows
from prismd.files.deciding.asking import Asker
from prismd.files.kept_rows import KeptRows
from prismd.files.mapped_file import MappedFile
from prismd.files.opening import ImportFile
from prismd.files.rows import FileProblemError, FileRow
from prismd.importer.batches import Batch, batches
from prismd.importer.calls import ClientError, Outside, PrismClient
from prismd.importer.imports import Job
from prismd.importer.journal import Growth, Identity, Journal, Journals, Target
from prismd.importer.outcomes import Outcomes
from prismd.importer.row_keys import RowKeys
from prismd.importer.run import BatchResults, ImportRun
from prismd.importer.seen_rows import SeenRows

#: Rows between two checks that the file has not changed.
_ROWS_PER_LOOK: Final = 1_000


@dataclass(slots=True)
class Run:
    """One import with its progress, which the command reports when the import is interrupted.

    Args:
        order: The arguments of the command.
        client: The server.
        journals: The user's journals.
        meter: Shows the progress.
        say: Prints a sentence for people.
        asker: Answers what is in doubt about the file.
        saved: The user's mappings.
        shows: Whether to show how a table is read and mapped.
        arguments: The command line, from the name of the command.
        check: Called where the import can stop; raises KeyboardInterrupt if it shall.
    """

    order: Order
    client: PrismClient
    journals: Journals
    meter: Meter
    say: Callable[[str], None]
    asker: Asker
    saved: SavedMappings
    shows: bool = False
    arguments: Sequence[str] = ()
    check: Callable[[], None] = lambda: None
    journal: Journal | None = None
    rows: int = 0
    _stamp: tuple[int, int] = (0, 0)

    @property
    def standing(self) -> str:
        """The progress of the import in words; empty before anything was sent."""
        return f"{self.journal.tally.rows:,} of {self.rows:,} rows are done" if self.journal else ""

    @property
    def job_under_way(self) -> str | None:
        """The job that the server works on, if any is known."""
        return self.journal.job_under_way if self.journal else None

    def carry_out(self, outside: Outside) -> Summary:
        """Import the file and return the summary.

        Args:
            outside: Clock and random numbers.

        Raises:
            FileProblemError: The file cannot be imported.
            ClientError: The server cannot be used, or the import cannot go on.
        """
        with ExitStack() as stack:
            return self._carried_out(outside, stack)

    def _carried_out(self, outside: Outside, stack: ExitStack) -> Summary:
        began, order = outside.monotonic(), self.order
        self._stamp = _stamp(order.file)
        self.meter.begin(f"checking {order.shown.name}", self._stamp[0], "bytes")
        kept = stack.enter_context(closing(KeptRows()))
        around = Surroundings(
            self.meter.show, PausingAsker(self.asker, self.meter), self.saved, self._remembered, stack, kept
        )
        looked = look_over(order, self.client, around)
        self.rows = looked.survey.rows
        target = self._target(looked.survey.sha256)
        reading = order.reading_of_table if looked.table else order.reading
        with self.journals.alone(target), ExitStack() as open_files:
            journal, resumed = self._journal(Identity(target, dict(order.options), reading), looked)
            outputs = self._outputs(journal, looked, open_files)
            self._tell(looked)
            self.journal = journal
            if looked.table and looked.table.creates_options:
                order = self.order = replace(order, options={**order.options, "create_missing_options": True})
            try:
                looked.notes.extend(self._new_properties(looked))
            except ClientError:
                if not resumed:
                    # Nothing was begun, so the next command may decide anew.
                    self.journals.remove(journal)
                    self.journal = None
                raise
            file = _as_at_first(looked.file, journal)
            rows = kept.rows() if file is looked.file and kept.all_kept() else file.rows()
            self._import(rows, journal, outputs, self._outcomes(journal, looked, open_files))
            self.journals.remove(journal)
        return Summary(
            file=order.shown,
            object_type=order.object_type,
            base_url=self.client.base_url,
            options=order.options,
            resumed=resumed,
            seconds=outside.monotonic() - began,
            tally=journal.tally,
            failed_files=[*journal.failed.earlier, *([journal.failed.path] if journal.failed.size else [])],
            results_file=journal.results.path if journal.results and journal.results.size else None,
            ignored_columns=looked.ignored,
            empty_columns=looked.table.empty if looked.table else (),
            made_properties=list(looked.table.new.wanted) if looked.table else (),
            notes=looked.notes,
        )

    def _tell(self, looked: LookedOver) -> None:
        """Print how a table is read, and the probable mistakes, before anything is sent."""
        if looked.table and self.shows:
            self.meter.close()
            for line in looked.table.shown:
                self.say(line)
            given, decided = self.order.table, looked.table.decided.answers
            answers = {key: text for key, text in decided.items() if key not in given.answers and text != OF_LABELS}
            flags = {column: what for column, what in looked.table.flags.items() if given.pairs.get(column) != what}
            if answers or flags:
                self.say("The same without a question:")
                self.say(f"  {same_command(self.arguments, answers, flags)}")
        for note in looked.notes:
            self.say(note)

    def _new_properties(self, looked: LookedOver) -> list[str]:
        """Make the properties that a mapping asks for, and return what people are told about them."""
        if looked.table is None or not looked.table.new.wanted:
            return []
        new = looked.table.new
        told = new.sentences() if self.order.options.get("dry_run") else new.make(self.client, self.order.object_type)
        for sentence in told:
            self.say(sentence)
        return told

    def _target(self, sha256: str) -> Target:
        return Target(self.client.base_url, self.client.team, self.order.object_type, sha256)

    def _remembered(self, sha256: str, reading: Mapping[str, object]) -> Decided | None:
        """Return what an interrupted import of the same file with the same arguments decided about its table."""
        if self.order.again:
            return None
        target = self._target(sha256)
        identity = Identity(target, dict(self.order.options), dict(reading))
        same = (journal for journal in self.journals.of_target(target) if journal.identity == identity)
        journal = next(same, None)
        return None if journal is None or journal.mapping is None else Decided(journal.answers, journal.mapping)

    def _journal(self, identity: Identity, looked: LookedOver) -> tuple[Journal, bool]:
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
        self.journals.forget_seen(identity)
        source, order = looked.file.source, self.order
        journal = Journal(
            identity=identity,
            run_id=secrets.token_hex(16),
            started=self.client.outside.now().isoformat(timespec="seconds"),
            failed=Growth(str(order.failed_path)),
            multiple=sorted(source.multiple) if isinstance(source, CsvRows) else [],
            ignored=sorted(source.ignored) if isinstance(source, CsvRows) else [],
            results=Growth(str(order.results.absolute())) if order.results else None,
            answers=looked.table.decided.answers if looked.table else {},
            mapping=looked.table.decided.mapping if looked.table else None,
        )
        return journal, False

    def _outputs(self, journal: Journal, looked: LookedOver, open_files: ExitStack) -> Outputs:
        """Open the files that the import writes, in the state that the journal knows."""
        order, known = self.order, journal.results
        if order.results and (known is None or str(order.results.absolute()) not in (known.path, *known.earlier)):
            raise ClientError(
                f"the import under way began with {f'--results {known.path}' if known else 'no --results'}; go on with "
                "that, or give --again to begin anew"
            )
        if order.failed and str(order.failed_path) not in (journal.failed.path, *journal.failed.earlier):
            self.say(f"Failed rows go to {journal.failed.path}, as at first.")
        failed = FailedRows(journal.failed, looked.file.source.columns, finds_name=order.failed is None)
        open_files.enter_context(closing(failed))
        results = open_files.enter_context(closing(ResultsFile(known))) if known else None
        outputs = Outputs(failed, results)
        for file in outputs.files:
            if file.remark:
                self.say(file.remark)
        self.journals.save(journal)
        return outputs

    def _outcomes(self, journal: Journal, looked: LookedOver, open_files: ExitStack) -> Outcomes:
        slug, options = self.order.options.get("dedupe_by"), self.order.options
        if not isinstance(slug, str):
            return Outcomes(None, None, options)
        seen = open_files.enter_context(closing(SeenRows(self.journals.seen_path(journal))))
        return Outcomes(RowKeys(slug, looked.file.source), seen, options)

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

    def _import(self, rows: Iterator[FileRow], journal: Journal, outputs: Outputs, outcomes: Outcomes) -> None:
        rows_max = self.order.batch_rows
        if self.order.options.get("dry_run") and "dedupe_by" in self.order.options and self.rows > rows_max:
            self.say(
                f"Rows are tried {rows_max:,} at a time; a row that only matches one of an earlier batch counts as new."
            )
        self.meter.begin(f"importing {self.order.shown.name}", self.rows, "rows")
        self.meter.show(journal.tally.rows)

        def watch(job: Job) -> None:
            self.check()
            tally = journal.tally
            failures = tally.failed + (job.failed or 0)
            self.meter.show(tally.rows + (job.processed or 0), f"{failures:,} failed" if failures else _waiting(job))

        run = ImportRun(self.client, self.order.options, journal, self.journals.save, watch, self.order.read_ahead)
        with closing(run.outcomes(self._unchanged(batches(self._watched(rows), rows_max)))) as found:
            for outcome in found:
                self._finish(outcome, journal, outputs, outcomes)
                self.check()
                del outcome  # its rows are not held while the next ones are waited for

    def _finish(self, outcome: BatchResults, journal: Journal, outputs: Outputs, outcomes: Outcomes) -> None:
        """Count and write the results of a batch."""
        tally = deepcopy(journal.tally)
        for row in outcomes.of(outcome):
            tally.count(row)
            outputs.write(row)
        if outcome.job_id:
            tally.job_ids.append(outcome.job_id)
        outputs.settle(lambda: self.journals.save(journal))
        # Only now is the batch done: after a crash before this line, the batch is sent again under the same key.
        journal.finish(outcome.batch.number, tally)
        self.journals.save(journal)
        self.meter.show(tally.rows, f"{tally.failed:,} failed" if tally.failed else "")

    def _watched(self, rows: Iterator[FileRow]) -> Iterator[FileRow]:
        for row in rows:
            if row.number % _ROWS_PER_LOOK == 1:
                self._check_unchanged()
            yield row

    def _unchanged(self, found: Iterable[Batch]) -> Iterator[Batch]:
        """Yield batches that were read before the file changed."""
        for batch in found:
            self._check_unchanged()
            yield batch

    def _check_unchanged(self) -> None:
        if _stamp(self.order.file) != self._stamp:
            raise ClientError("the file has changed while it was being read; nothing of the change was sent")


def _waiting(job: Job) -> str:
    return "waiting for its turn" if job.state == "queued" else ""


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise FileProblemError(f"cannot be read: {error.strerror}") from None
    return found.st_size, found.st_mtime_ns


def _as_at_first(file: ImportFile | MappedFile, journal: Journal) -> ImportFile | MappedFile:
    """Return the file with the plan of columns of the import's first run, so that the same requests are made."""
    if isinstance(file, MappedFile) or not isinstance(file.source, CsvRows):
        return file
    source = replace(file.source, multiple=frozenset(journal.multiple), ignored=frozenset(journal.ignored))
    return file if source == file.source else replace(file, source=source)
