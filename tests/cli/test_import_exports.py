"""Exports of Google, Outlook, LinkedIn, HubSpot and Salesforce go into a real server with no flag but the type."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes import RunningServer, ended, start_prismd
from tests.program_exports import EXPORTS, PEOPLE, cells_of_export, export_bytes

Environment = dict[str, str]
Import = Callable[..., dict[str, Any]]

#: What the columns are, by export, that become properties which every team has.
KNOWN = {
    "google": {"E-mail 1 - Value": "email", "Organization Title": "title", "Address 1 - City": "city"},
    "google_older": {"E-mail 1 - Value": "email", "Organization 1 - Title": "title", "Address 1 - City": "city"},
    "outlook": {"E-mail Address": "email", "Job Title": "title", "Business City": "city", "Title": "salutation"},
    "outlook_com": {"E-mail Address": "email", "Job Title": "title", "Business City": "city", "Title": "salutation"},
    "linkedin": {"Email Address": "email", "Position": "title", "URL": "linkedin", "Company": "company_name"},
    "hubspot": {"Email": "email", "Job Title": "title", "City": "city", "LinkedIn URL": "linkedin"},
    "salesforce_report": {"Email": "email", "Title": "title", "Mailing City": "city", "Phone": "phone"},
    "salesforce_data": {"Email": "email", "Title": "title", "MailingCity": "city", "Id": "salesforce_id"},
}
TECHNICAL = {"E-mail Type", "E-mail 2 Type", "SystemModstamp", "CreatedById", "LastModifiedById"}
LABELS = {"google": "Labels", "google_older": "Group Membership", "outlook": "Categories"}


@pytest.fixture
def team(server: RunningServer, tmp_path: Path) -> Environment:
    """The environment of a fresh team of the server."""
    key = start_prismd(["keys", "create", "--new-team"], {"PRISMD_DATABASE_URL": server.database_url}, tmp_path)
    code, out, errors = ended(key)
    assert code == 0, errors
    found = dict(re.findall(r"export (MICRO_\w+)=\"?'?([^\s'\"]+)", out))
    own = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    return {**found, **own, "MICRO_BASE_URL": server.url}


@pytest.fixture
def run(team: Environment, tmp_path: Path) -> Import:
    def run_import(path: Path, *arguments: str) -> dict[str, Any]:
        process = start_prismd(["import", str(path), "--type", "contact", "--json", *arguments], team, tmp_path)
        code, out, errors = ended(process)
        assert code == 0, errors
        return dict(json.loads(out))

    return run_import


def called(team: Environment, method: str, *path: str, **how: Any) -> Any:
    url = "/".join([team["MICRO_BASE_URL"], "v2/prism", team["MICRO_TEAM_ID"], *path])
    return httpx.request(method, url, headers={"x-api-key": team["MICRO_API_KEY"]}, **how).json()


def contacts(team: Environment) -> list[dict[str, Any]]:
    body = {"query": {"select": sorted(slugs(team)), "limit": 50}}
    answer = called(team, "POST", "contact", "query", json=body)
    assert "data" in answer, answer
    return [dict(one["properties"]) for one in answer["data"]]


def slugs(team: Environment) -> set[str]:
    return {one["slug"] for one in called(team, "GET", "contact", "properties")["contact"].values()}


def said_by(text: str) -> str:
    """Return what a cell says, in the form in which a record says it: dates as the API writes them, else the text."""
    for form, answer in (("%m/%d/%Y", "%Y-%m-%d"), ("%d %b %Y", "%Y-%m-%d"), ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")):
        with suppress(ValueError):
            return datetime.strptime(text, form).strftime(answer).casefold()  # noqa: DTZ007 - a day
    return text.removesuffix(":00.000Z").casefold()


def kept_by(record: dict[str, Any]) -> set[str]:
    values = [one for value in record.values() for one in (value if isinstance(value, list) else [value])]
    texts = {str(value) for value in values if value is not None}
    moments = {text[:16] for text in texts if re.match(r"\d{4}-\d\d-\d\dT", text)}
    return {text.casefold() for text in {*texts, *moments}} | {text[:10] for text in moments}


@pytest.mark.parametrize("export", EXPORTS)
def test_an_export_goes_in_with_no_flag_but_the_type(
    export: str, run: Import, team: Environment, tmp_path: Path
) -> None:
    path = tmp_path / f"{export}.csv"
    path.write_bytes(export_bytes(export))
    before = slugs(team)
    said = run(path)
    assert (said["created"], said["failed"]) == (PEOPLE, 0)

    # Every made property and every column that is not sent is named.
    rows = cells_of_export(export)
    assert set(said["made_properties"]) == slugs(team) - before
    assert all(not any(row[name] for row in rows) for name in said["empty_columns"])
    technical = set(said["ignored_columns"])
    assert technical <= TECHNICAL

    # Each cell stands in the record of its row.
    records = contacts(team)
    kept = [kept_by(record) for record in records]
    apart = {*technical, *LABELS.values()}
    for row in rows:
        wanted = {said_by(text) for name, text in row.items() if text and name not in apart and text != "0/0/00"}
        assert any(wanted <= one for one in kept), min((wanted - one for one in kept), key=len)
    for name, slug in KNOWN[export].items():
        assert {row[name] for row in rows if row[name]} == {one[slug] for one in records if one.get(slug)}
    if export in LABELS:
        labels = {part for row in rows for part in row[LABELS[export]].split(" ::: ")} - {"", "* myContacts"}
        found = {label for one in records for label in one.get("labels") or []}
        assert found == {label.casefold() for label in labels}

    # The next export of the same program finds the properties that this one made.
    again = run(path, "--dry-run")
    assert (again["made_properties"], again["failed"]) == ([], 0)
    assert again["ignored_columns"] == said["ignored_columns"]
