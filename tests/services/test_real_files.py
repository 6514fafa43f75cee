"""Real organizations and real people, imported by one key and another, with counts that the files themselves give."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.services.importing import Importer

DATA = Path(__file__).parents[3] / "shared" / "data"
UNIVERSITIES = [json.loads(line)["default"] for line in (DATA / "universities.ndjson").read_text("utf-8").splitlines()]


def folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).strip().casefold())


def expected_by_one_value(values: Iterable[str | None]) -> tuple[int, int]:
    """Return how many rows make a record and how many match one, by counting distinct values."""
    keys = [folded(value) if value else "" for value in values]
    created = len({key for key in keys if key}) + keys.count("")
    return created, len(keys) - created


def expected_by_any_value(rows: Iterable[list[str]]) -> tuple[int, int, int]:
    """Return rows that make a record, match one, and match several, row by row."""
    owners: dict[str, int] = {}
    created = existing = several = 0
    for number, values in enumerate(rows):
        keys = {folded(value) for value in values}
        matched = {owners[key] for key in keys if key in owners}
        if len(matched) > 1:
            several += 1
        elif matched:
            existing += 1
        else:
            created += 1
            owners |= dict.fromkeys(keys, number)
    return created, existing, several


@pytest.mark.parametrize("slug", ["primary_domain", "name"])
def test_universities_by_one_value(importer: Importer, slug: str) -> None:
    created, existing = expected_by_one_value(row.get(slug) for row in UNIVERSITIES)
    job, verdicts = importer.as_job(UNIVERSITIES, "organization", dedupe_by=slug)
    assert (job.created, job.existing, job.failed) == (created, existing, 0)
    assert sum(v.get("duplicate_of") is not None for v in verdicts) == existing
    again, _ = importer.as_job(UNIVERSITIES, "organization", dedupe_by=slug)
    assert (again.created, again.existing, again.failed) == (0, len(UNIVERSITIES), 0)


def test_universities_by_primary_domain_are_as_many_as_promised() -> None:
    assert expected_by_one_value(row["primary_domain"] for row in UNIVERSITIES) == (10_249, 2)


def test_universities_by_any_of_their_domains(importer: Importer) -> None:
    created, existing, several = expected_by_any_value(row["domains"] for row in UNIVERSITIES)
    job, verdicts = importer.as_job(UNIVERSITIES, "organization", dedupe_by="domains")
    assert (job.created, job.existing, job.failed) == (created, existing, several)
    assert [v["error"]["code"] for v in verdicts if "error" in v] == ["multiple_matches"] * several


def test_what_is_read_back_is_what_was_sent(importer: Importer) -> None:
    _, verdicts = importer.as_job(UNIVERSITIES[:300], "organization", dedupe_by="primary_domain")
    for sent, verdict in zip(UNIVERSITIES[:300], verdicts, strict=True):
        if verdict["created"]:
            kept = importer.record(verdict["id"], "organization")
            assert {slug: kept[slug] for slug in sent} == sent


def test_legislators_as_people(importer: Importer) -> None:
    with (DATA / "legislators.csv").open(encoding="utf-8-sig", newline="") as file:
        people = list(csv.DictReader(file))
    rows: list[dict[str, Any]] = [
        {"full_name": one["Full Name"], "birthday": one["Birthday"], "phone": one["Phone"], "state": one["State"],
         "source_record_id": one["Bioguide ID"]}
        for one in people
    ]  # fmt: skip
    rows = [{slug: value for slug, value in row.items() if value} for row in rows]
    job, verdicts = importer.as_job(rows, "identity", dedupe_by="source_record_id", chunk=50)
    assert (job.created, job.existing, job.failed) == (len({row["source_record_id"] for row in rows}), 0, 0)
    kept = importer.record(verdicts[0]["id"], "identity")
    assert {slug: kept[slug] for slug in rows[0]} == rows[0]
