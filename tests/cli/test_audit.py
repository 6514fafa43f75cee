"""``prismd audit`` beside a running server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes import PATIENCE_S, RunningServer, ended, start_prismd


@pytest.fixture
def team(server: RunningServer, tmp_path: Path) -> dict[str, str]:
    """A team of its own, with two deals, one of them deleted."""
    environment = {"PRISMD_DATABASE_URL": server.database_url}
    _, out, _ = ended(start_prismd(["keys", "create", "--new-team", "--name", "robot"], environment, tmp_path))
    made = dict(line.removeprefix("export ").split("=", 1) for line in out.splitlines())
    url, headers = f"{server.url}/v2/prism/{made['MICRO_TEAM_ID']}/deal", {"x-api-key": made["MICRO_API_KEY"]}
    ids = [
        httpx.post(url, json={"default": {"name": "x"}}, headers=headers, timeout=PATIENCE_S).json()["id"]
        for _ in range(2)
    ]
    assert httpx.delete(f"{url}/{ids[0]}", headers=headers, timeout=PATIENCE_S).status_code == 204
    return {**environment, "team": made["MICRO_TEAM_ID"], "hint": made["MICRO_API_KEY"][-4:], "deleted": ids[0]}


def audit(team: dict[str, str], place: Path, *options: str) -> tuple[int, str, str]:
    environment = {"PRISMD_DATABASE_URL": team["PRISMD_DATABASE_URL"]}
    return ended(start_prismd(["audit", *options], environment, place))


def test_what_was_done_is_shown_newest_first(team: dict[str, str], tmp_path: Path) -> None:
    code, out, errors = audit(team, tmp_path, "--team", team["team"])
    assert (code, errors) == (0, "")
    lines = out.splitlines()
    actions = ["record.deleted", "record.created", "record.created", "key.created"]
    assert [line.split("  ")[1] for line in lines] == actions
    assert f"  deal {team['deleted']}  key " in lines[0]
    assert lines[0].endswith(f" …{team['hint']} robot")
    assert "  the operator or the server  " in lines[3]
    assert '"name": "robot"' in lines[3]


def test_filters_and_machines_are_served(team: dict[str, str], tmp_path: Path) -> None:
    def shown(*options: str) -> list[dict[str, Any]]:
        code, out, errors = audit(team, tmp_path, "--team", team["team"], "--json", *options)
        assert (code, errors) == (0, "")
        return [json.loads(line) for line in out.splitlines()]

    deleted, created = shown("--object", team["deleted"])
    assert (deleted["action"], created["action"]) == ("record.deleted", "record.created")
    assert deleted["object_ids"] == [team["deleted"]]
    assert len(shown("--key", deleted["key_id"])) == 3
    assert len(shown("--action", "record.created", "--limit", "1")) == 1
    assert next(one["action"] for one in shown("--until", deleted["at"])) == "record.created"
    assert shown("--since", "2999-01-01") == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--since", "yesterday"], "write a day or a moment"),
        (["--action", "record.change"], "'record.change' is not one of"),
        (["--object", "x"], "not a valid UUID"),
        (["--team", "nobody"], "there is no team 'nobody'"),
    ],
)
def test_what_cannot_be_meant_is_told(team: dict[str, str], tmp_path: Path, options: list[str], told: str) -> None:
    code, out, errors = audit(team, tmp_path, *options)
    assert (code != 0, out) == (True, "")
    assert told in errors
