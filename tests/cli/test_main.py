"""``prismd`` alone: what a newcomer sees."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from prismd.cli.main import COMMANDS, main
from tests.processes import ended, start_prismd


def test_help_names_every_command_without_loading_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    code, out, errors = ended(start_prismd(["--help"], {"PYTHONPROFILEIMPORTTIME": "1"}, tmp_path_factory.mktemp("x")))
    assert code == 0
    assert all(f"  {name} " in out for name in COMMANDS)
    loaded = {line.rpartition("|")[2].strip() for line in errors.splitlines()}
    assert "click" in loaded
    assert not {"psycopg", "litestar", "structlog", "httpx"} & loaded


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_of_itself_what_the_list_says_of_it(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.get_short_help_str(200) == COMMANDS[name][1]


def test_an_unknown_command_is_a_mistake_of_use() -> None:
    found = CliRunner().invoke(main, ["nonsense"])
    assert found.exit_code == 2
    assert "No such command" in found.output
