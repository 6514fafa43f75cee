"""Real places, languages, organizations and people, imported by one key and another, with counts from the files."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from prismd.core.properties.definitions import NewProperty
from prismd.services.properties import properties
from tests.real_places import (
    LANGUAGES_JSON,
    SUBDIVISIONS_JSON,
    airports,
    expected_by_any_value,
    expected_by_one_value,
    keyed,
    only_member,
)
from tests.services.importing import Importer

NUMBERS = {"Latitude": "lat", "Longitude": "lon", "Elevation": "elevation"}


def filled(row: dict[str, Any]) -> dict[str, Any]:
    return {slug: value for slug, value in row.items() if value}


def as_organization(airport: dict[str, str]) -> dict[str, Any]:
    return filled(
        {"name": airport["name"], "city": airport["city"], "state": airport["subd"], "country": airport["country"],
         "source_record_id": airport["icao"],
         "domains": [code for code in (airport["icao"], airport["iata"], airport["lid"]) if code]}
    )  # fmt: skip


@pytest.mark.parametrize("slug", ["source_record_id", "name", "city"])
def test_airports_by_one_value(importer: Importer, slug: str) -> None:
    rows = [as_organization(airport) for airport in airports()]
    created, existing = expected_by_one_value(row.get(slug) for row in rows)
    job, verdicts = importer.as_job(rows, "organization", dedupe_by=slug)
    assert (job.created, job.existing, job.failed) == (created, existing, 0)
    assert sum(v.get("duplicate_of") is not None for v in verdicts) == existing
    again, _ = importer.as_job(rows, "organization", dedupe_by=slug)
    without = sum(slug not in row for row in rows)
    assert (again.created, again.existing, again.failed) == (without, len(rows) - without, 0)


def test_airports_by_any_of_their_codes(importer: Importer) -> None:
    rows = [as_organization(airport) for airport in airports()]
    created, existing, several = expected_by_any_value(row["domains"] for row in rows)
    assert several, "what is to be tried is there"
    job, verdicts = importer.as_job(rows, "organization", dedupe_by="domains")
    assert (job.created, job.existing, job.failed) == (created, existing, several)
    assert [v["error"]["code"] for v in verdicts if "error" in v] == ["multiple_matches"] * several


def test_subdivisions_by_any_word_of_their_names(importer: Importer) -> None:
    rows = [
        {"name": one["name"], "domains": [one["name"], *one["name"].split()]} for one in only_member(SUBDIVISIONS_JSON)
    ]
    created, existing, several = expected_by_any_value(row["domains"] for row in rows)
    job, _ = importer.as_job(rows, "organization", dedupe_by="domains", chunk=500)
    assert (job.created, job.existing, job.failed) == (created, existing, several)


def test_languages_by_name_are_stored_as_they_are_spelled_and_known_in_capitals(importer: Importer) -> None:
    names = [one["name"] for one in only_member(LANGUAGES_JSON)]
    job, verdicts = importer.as_job([{"title": name} for name in names], "document", dedupe_by="title")
    assert (job.created, job.existing) == expected_by_one_value(names)
    unusual = [number for number, name in enumerate(names) if not name.isascii()]
    for number in unusual[::20]:
        assert importer.record(verdicts[number]["id"], "document")["title"] == names[number]
    shouted = [names[number].upper() for number in unusual]
    _, found = importer.as_job([{"title": name} for name in shouted], "document", dedupe_by="title")
    known = {keyed(name): verdict["id"] for name, verdict in zip(names, verdicts, strict=True)}
    assert [verdict["existing"] for verdict in found] == [keyed(name) in known for name in shouted]


def test_what_is_read_back_is_what_was_sent(importer: Importer) -> None:
    for name in NUMBERS:
        with importer.connection.transaction():
            new = NewProperty(name=name, type="num")
            properties.create_property(importer.transaction, "organization", new)
    # Every hundredth, because they are sorted by code: places of every part of the world.
    sent = [
        as_organization(airport) | {name.lower(): airport[column] for name, column in NUMBERS.items()}
        for airport in airports()[::100]
    ]
    _, verdicts = importer.as_job(sent, "organization")
    for row, verdict in zip(sent, verdicts, strict=True):
        kept = importer.record(verdict["id"], "organization")
        assert {slug: kept[slug] for slug in row if slug not in map(str.lower, NUMBERS)} == {
            slug: value for slug, value in row.items() if slug not in map(str.lower, NUMBERS)
        }
        for name in map(str.lower, NUMBERS):
            assert Decimal(str(kept[name])) == Decimal(row[name])


@pytest.fixture(scope="session")
def universities(shared_data: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)["default"] for line in (shared_data / "universities.ndjson").read_text("utf-8").splitlines()
    ]


@pytest.mark.parametrize("slug", ["primary_domain", "name"])
def test_universities_by_one_value(importer: Importer, universities: list[dict[str, Any]], slug: str) -> None:
    created, existing = expected_by_one_value(row.get(slug) for row in universities)
    job, verdicts = importer.as_job(universities, "organization", dedupe_by=slug)
    assert (job.created, job.existing, job.failed) == (created, existing, 0)
    assert sum(v.get("duplicate_of") is not None for v in verdicts) == existing
    again, _ = importer.as_job(universities, "organization", dedupe_by=slug)
    assert (again.created, again.existing, again.failed) == (0, len(universities), 0)


def test_universities_by_any_of_their_domains(importer: Importer, universities: list[dict[str, Any]]) -> None:
    created, existing, several = expected_by_any_value(row["domains"] for row in universities)
    job, verdicts = importer.as_job(universities, "organization", dedupe_by="domains")
    assert (job.created, job.existing, job.failed) == (created, existing, several)
    assert [v["error"]["code"] for v in verdicts if "error" in v] == ["multiple_matches"] * several


def test_legislators_as_people(importer: Importer, shared_data: Path) -> None:
    with (shared_data / "legislators.csv").open(encoding="utf-8-sig", newline="") as file:
        people = list(csv.DictReader(file))
    rows = [
        filled({"full_name": one["Full Name"], "birthday": one["Birthday"], "phone": one["Phone"],
                "state": one["State"], "source_record_id": one["Bioguide ID"]})
        for one in people
    ]  # fmt: skip
    job, verdicts = importer.as_job(rows, "identity", dedupe_by="source_record_id", chunk=50)
    assert (job.created, job.existing, job.failed) == (len({row["source_record_id"] for row in rows}), 0, 0)
    kept = importer.record(verdicts[0]["id"], "identity")
    assert {slug: kept[slug] for slug in rows[0]} == rows[0]
