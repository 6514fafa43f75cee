"""`prismd preview` without a server: how a file is read, what its columns become, and what is in doubt."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from prismd.cli.importing.preview import preview_command

Preview = Callable[..., Result]


@pytest.fixture
def preview(tmp_path: Path) -> Preview:
    def run(content: bytes, *options: str, name: str = "people.csv") -> Result:
        path = tmp_path / name
        path.write_bytes(content)
        environment = {"MICRO_API_KEY": None, "XDG_CONFIG_HOME": str(tmp_path)}
        return CliRunner().invoke(preview_command, [str(path), "--type", "contact", *options], env=environment)

    return run


def test_a_table_that_is_sure_is_shown_with_its_proof(preview: Preview) -> None:
    found = preview("E-mail;Vorname\nada@example.org;Zoë\nbo@example.org;Bo\n".encode())
    assert found.exit_code == 0, found.output
    assert "CSV, 2 columns" in found.stdout
    assert '";" between cells' in found.stdout
    assert "-> email" in found.stdout
    assert "-> first_name" in found.stdout
    assert "Nothing is in doubt." in found.stdout


def test_doubt_is_exit_code_3_with_the_flags_that_answer_it(preview: Preview) -> None:
    content = b"Email,Joined\na@example.org,01/02/2024\nb@example.org,03/04/2024\n"
    found = preview(content)
    assert found.exit_code == 3
    assert "--date-format Joined=dmy" in found.stdout
    assert "--map Joined=+joined" in found.stdout
    found = preview(content, "--date-format", "Joined=dmy", "--map", "Joined=+joined")
    assert found.exit_code == 0, found.output
    assert "-> joined (new, date)" in found.stdout


def test_scripts_get_one_json_object(preview: Preview) -> None:
    found = preview(b"email,Shoe Size\na@example.org,38\n", "--json")
    assert found.exit_code == 3
    told = json.loads(found.stdout)
    assert [column["becomes"] for column in told["columns"]] == ["email", None]
    assert [question["column"] for question in told["questions"]] == ["Shoe Size"]


@pytest.mark.parametrize(
    ("content", "options", "name", "why"),
    [
        (b"", [], "people.csv", "holds no"),
        (b"%PDF-1.7", [], "people.csv", "a PDF"),
        (b"email\na@b.c\n", ["--map", "Nobody=email"], "people.csv", "there is no column 'Nobody'"),
        (b"email\na@b.c\n", ["--map", "email=nothing"], "people.csv", "+nothing makes one"),
        (b"email\na@b.c\n", ["--map", "staff"], "people.csv", "no mapping saved under it"),
        (b"email\na@b.c\n", ["--null", "nil"], "people.csv", "--null is clear or keep for JSON"),
        (b"email\na@b.c\n", ["--member", "a"], "people.csv", "this file is none"),
        (b'[{"email": "a@b.c"}]', ["--map", "x=email"], "people.json", "no table to map"),
        (b'{"email": "a@b.c"}\n', [], "people.ndjson", "no table to map"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    preview: Preview, content: bytes, options: list[str], name: str, why: str
) -> None:
    found = preview(content, *options, name=name)
    assert found.exit_code == 2, found.output
    assert why in found.stderr
    assert found.stderr.count("\n") == 1


def test_cards_have_the_columns_of_an_address_book(preview: Preview) -> None:
    found = preview(b"BEGIN:VCARD\nVERSION:3.0\nN:Lovelace;Ada;;;\nEMAIL:ada@example.org\nEND:VCARD\n", name="a.vcf")
    assert "-> first_name" in found.stdout
    assert "-> last_name" in found.stdout
    assert "-> email" in found.stdout


def test_columns_can_be_chosen(preview: Preview) -> None:
    found = preview(b"email,x,y,z\na@example.org,1,2,3\n", "--columns", "1,2", "--map", "x=-")
    assert found.exit_code == 0, found.output
    assert found.stdout.count("-  left out (") == 3


def test_cells_change_nothing_of_the_terminal(preview: Preview) -> None:
    found = preview(b"email,\x1b[2Jshoe\na@example.org,\x1b]0;title\x07\n")
    assert found.exit_code == 3, found.output
    assert "\x1b" not in found.output
    assert "\x07" not in found.output
    assert "shoe" in found.stdout
