"""With the pipeline and without it an import leaves the same behind, and says the same of each row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prismd.core.imports.pipeline.row_templates import TemplatedRowParser
from prismd.core.records.rows import RowParser, Rows
from prismd.services.imports import chunk_writes, rows
from prismd.services.imports.pipeline import reading_ahead, row_importers
from prismd.services.imports.pipeline.import_pipeline import ImportPipeline
from prismd.services.imports.pipeline.overlapped_connection import OverlappedConnection
from prismd.settings import Settings
from prismd.store.connections.postgres import connect_as
from tests.services.importing import Importer

#: By table, what of a row is no result of the import: whose it is, and when it was done.
LEFT_BEHIND: Final = {
    "record": "SELECT (to_jsonb(one) - 'team_id' - 'created_at' - 'updated_at' - 'deleted_at')::text",
    "record_key": "SELECT (to_jsonb(one) - 'team_id')::text",
    "import_touch": "SELECT (to_jsonb(one) - 'team_id')::text",
    "import_draft": "SELECT (to_jsonb(one) - 'team_id')::text",
    "import_result": "SELECT (to_jsonb(one) - 'team_id' - 'verdicts')::text || convert_from(verdicts, 'UTF8')",
}
UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

PEOPLE: Final = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["ada@x.org", "ADA@x.org", "grace@x.org", "alan@x.org", "", None]),
        "city": st.sampled_from(["Rome", "Bern", "Zürich", 'a "quoted" town', None]),
        "seniority": st.sampled_from(["Manager", "martian", "venusian", None]),
        "first_interaction_date": st.sampled_from(["2024-05-31", "2024-02-30", "2024-05-31T10:00:00Z"]),
        "nope": st.just(1),
    },
)
IDENTITIES: Final = st.fixed_dictionaries(
    {"linkedin": st.sampled_from(["in/1", "in/2", "in/3"])},
    optional={"email_addresses": st.lists(st.sampled_from(["a@x.org", "A@x.org", "b@x.org"]), max_size=2)},
)
#: Rows as a file has them: the same slugs in the same order, nearly always.
FILE: Final = [{"email": f"p{number % 17}@x.org", "city": f"City {number % 5}"} for number in range(40)]


@dataclass
class Twins:
    """Two teams that are sent the same: one with the pipeline, one without."""

    plain: Importer
    piped: Importer

    def both(self, work: Callable[[Importer], Any]) -> None:
        """Do the same for each, and compare what comes out and what is there then."""
        said = [work(one) for one in (self.plain, self.piped)]
        plain, piped = (left_behind(one, there) for one, there in zip((self.plain, self.piped), said, strict=True))
        assert piped == plain


def left_behind(importer: Importer, said: Any) -> list[str]:
    """Return what a team has, with ids by their order, which is that of their making."""
    texts = [repr(said)]
    for table, select in LEFT_BEHIND.items():
        found = importer.connection.execute(f"{select} FROM {table} AS one WHERE team_id = %s", (importer.team_id,))
        texts += [f"{table}: {text}" for (text,) in found]
    ranks = {one: f"#{rank}" for rank, one in enumerate(sorted({one for text in texts for one in UUID.findall(text)}))}
    return sorted(UUID.sub(lambda match: ranks[match[0]], text) for text in texts)


@pytest.fixture
def in_small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few rows do what thousands would."""
    monkeypatch.setattr(rows, "_ROWS_PER_LOOK_UP", 4)
    monkeypatch.setattr(chunk_writes, "_RECORDS_PER_UPDATE", 3)
    monkeypatch.setattr(row_importers, "_ROWS_JUDGED_AT_ONCE", 2)
    monkeypatch.setattr(reading_ahead, "_ROWS_AT_ONCE", 3)


@pytest.fixture
def twins(importer: Importer, make_team: Callable[[], int], database_url: str) -> Iterator[Callable[[], Twins]]:
    """Make two teams of their own each time."""
    runtime = importer.runtime
    off = replace(runtime, settings=replace(runtime.settings, import_pipeline=False))
    on = replace(runtime, settings=replace(runtime.settings, import_pipeline=True))
    with connect_as(OverlappedConnection, database_url, Settings(), autocommit=True) as overlapped:

        def make() -> Twins:
            piped = Importer(overlapped, on, make_team())
            piped.pipeline = ImportPipeline()
            overlapped.work = piped.pipeline.work
            return Twins(Importer(importer.connection, off, make_team()), piped)

        yield make


@pytest.mark.usefixtures("in_small_portions")
@example(FILE, FILE[5:] + FILE[:7], 8, {"dedupe_by": "email", "update_existing": True})
@example(FILE, [], 40, {"dedupe_by": "email"})
@example(FILE, FILE[::-1], 9, {"dedupe_by": "email", "on_match": "update", "dry_run": True})
@example([{"seniority": "martian"}, {"seniority": "Martian"}] * 9, [], 4, {"create_missing_options": True})
@given(
    st.lists(PEOPLE, max_size=20),
    st.lists(PEOPLE, min_size=1, max_size=20),
    st.integers(1, 12),
    st.fixed_dictionaries(
        {},
        optional={
            "dedupe_by": st.sampled_from(["email", "city"]),
            "on_match": st.sampled_from(["skip", "update", "fill"]),
            "dry_run": st.booleans(),
            "create_missing_options": st.booleans(),
        },
    ),
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_import_leaves_the_same_behind_with_the_pipeline_and_without(
    twins: Callable[[], Twins],
    before: list[dict[str, Any]],
    sent: list[dict[str, Any]],
    chunk: int,
    options: dict[str, Any],
) -> None:
    both = twins().both
    both(lambda importer: importer.as_job(before, chunk=chunk, dedupe_by="email")[1] if before else None)
    both(lambda importer: importer.as_job(sent, chunk=chunk, **options)[1] if sent else None)
    both(lambda importer: importer.at_once(sent, **options))


@pytest.mark.usefixtures("in_small_portions")
@given(st.lists(IDENTITIES, min_size=1, max_size=15), st.integers(1, 6), st.booleans())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_rows_that_make_contacts_leave_the_same_behind(
    twins: Callable[[], Twins],
    sent: list[dict[str, Any]],
    chunk: int,
    dry_run: bool,  # noqa: FBT001 - drawn
) -> None:
    options = {"dedupe_by": "linkedin", "on_match": "update", "dry_run": dry_run}
    twins().both(lambda importer: importer.as_job(sent, "identity", chunk=chunk, **options)[1])


@pytest.mark.parametrize("switch", [True, False])
def test_the_switch_turns_all_of_it_on_and_off(
    importer: Importer, monkeypatch: pytest.MonkeyPatch, *, switch: bool
) -> None:
    used: list[str] = []

    def noted(self: TemplatedRowParser, raws: Any) -> Rows:
        used.append("row templates")
        return RowParser.parse_all(self, raws)

    monkeypatch.setattr(TemplatedRowParser, "parse_all", noted)
    importer.runtime = replace(importer.runtime, settings=replace(importer.runtime.settings, import_pipeline=switch))
    importer.pipeline = pipeline = ImportPipeline()
    job_id = importer.submit(FILE, chunk=20, dedupe_by="email")
    assert importer.step()
    if pipeline.ahead.chunk(importer.job(job_id)):
        used.append("reading ahead")
    if pipeline.deferred.go_on():
        used.append("deferred work")
    assert used == (["row templates", "reading ahead", "deferred work"] if switch else [])
