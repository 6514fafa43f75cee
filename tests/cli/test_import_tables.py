"""Tables of other programs, imported by the real command into a real server."""

from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import xlsxwriter

from tests.cli.terminals import on_terminal
from tests.processes import RunningServer, ended, start_prismd

Environment = dict[str, str]
Import = Callable[..., tuple[int, str, str]]


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
    def run_import(*arguments: str | Path) -> tuple[int, str, str]:
        return ended(start_prismd(["import", *map(str, arguments)], team, tmp_path))

    return run_import


def called(team: Environment, method: str, *path: str, **how: Any) -> Any:
    url = "/".join([team["MICRO_BASE_URL"], "v2/prism", team["MICRO_TEAM_ID"], *path])
    return httpx.request(method, url, headers={"x-api-key": team["MICRO_API_KEY"]}, **how).json()


def count(team: Environment) -> int:
    return int(called(team, "GET", "contact", "count")["total"])


def contact(team: Environment, slug: str, value: str) -> dict[str, Any]:
    return dict(called(team, "GET", "contact", "by", slug, value)["default"])


def test_a_table_goes_in_on_a_terminal_with_the_answers_that_it_asks_for(
    team: Environment, tmp_path: Path, shared_data: Path
) -> None:
    path = shared_data / "legislators.csv"
    options = ["--type", "contact", "--failed", str(tmp_path / "failed.csv")]
    code, said = on_terminal(["import", path, *options], ["", "m"], team, tmp_path)
    assert code == 0, said
    assert 'Column "Middle Name": What does it become?' in said
    assert count(team) == 537
    with path.open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if all(row.values()))
    kept = contact(team, "full_name", row["Full Name"])
    slugs = {name: name.lower().replace(" ", "_") for name in row} | {"Twitter Handle": "twitter"}
    # The value of a select property is the slug of its option.
    assert {slug: kept[slug].casefold() for slug in slugs.values()} == {
        slug: row[name].casefold() for name, slug in slugs.items()
    }

    # The command that it prints does the same without a question.
    printed = said.split("The same without a question:")[1].strip().splitlines()[0]
    arguments = shlex.split(printed)[1:]
    code, out, errors = ended(start_prismd([*arguments, "--dedupe-by", "bioguide_id"], team, tmp_path))
    assert code == 0, errors
    assert "537 existing" in out


def test_without_a_terminal_doubt_is_told_with_the_flags_that_answer_it(
    run: Import, team: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("First Name,Shoe Size,Joined\nAda,38,01/02/2024\nBo,41,03/04/2024\nCy,40,05/06/2024\n")
    code, out, errors = run(path, "--type", "contact")
    assert (code, out) == (3, "")
    assert "prismd import: " in errors.splitlines()[0]
    assert "and nothing was sent" in errors
    for flag in (
        "--map 'Shoe Size=+shoe_size'",
        "--map 'Shoe Size=-'",
        "--date-format Joined=dmy",
        "--date-format Joined=mdy",
    ):
        assert flag in errors
    assert count(team) == 0
    answers = ["--map", "Shoe Size=-", "--map", "Joined=+joined", "--date-format", "Joined=dmy"]
    code, out, errors = run(path, "--type", "contact", *answers)
    assert code == 0, errors
    assert contact(team, "first_name", "Ada")["joined"] == "2024-02-01"


def test_one_flag_adds_values_instead_of_replacing_them(run: Import, team: Environment, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("email,tags\nada@example.org,old\n")
    common = ["--type", "contact", "--dedupe-by", "email", "--update-existing", "--create-missing-options"]
    assert run(path, *common)[0] == 0
    path.write_text("email,tags\nada@example.org,new\n")
    code, _, errors = run(path, *common, "--append", "tags")
    assert code == 0, errors
    assert contact(team, "email", "ada@example.org")["tags"] == ["old", "new"]


def test_one_flag_adds_several_values_of_a_cell_by_any_name_of_the_column(
    run: Import, team: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    common = ["--type", "contact", "--dedupe-by", "email", "--update-existing", "--create-missing-options"]
    for header, cell in (
        ("email,tags", "old"),
        ("E-mail,Tags", "new;newer"),
        ("email,tags", "newest"),
        ("email,tags", "a;b"),
    ):
        path.write_text(f"{header}\nada@example.org,{cell}\n")
        code, _, errors = run(path, *common, "--append", "tags")
        assert code == 0, errors
    assert contact(team, "email", "ada@example.org")["tags"] == ["old", "new", "newer", "newest", "a", "b"]


def test_one_flag_makes_properties_of_columns_that_only_look_like_one(
    run: Import, team: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("email,Area,Paid\nada@example.org,Sales,yes\nbo@example.org,Legal,no\n")
    code, _, errors = run(path, "--type", "contact", "--make-properties")
    assert code == 0, errors
    kept = contact(team, "email", "ada@example.org")
    assert (kept["area"], kept["paid"]) == ("Sales", True)
    assert kept.get("department") is None


def test_a_contradiction_refuses_its_row_or_stops_before_anything_is_sent(
    run: Import, team: Environment, tmp_path: Path
) -> None:
    path, decided = tmp_path / "people.csv", tmp_path / "decided.json"
    rows = "".join(f"p{number}@example.org,{number % 28 + 1:02}.02.2024\n" for number in range(40))
    path.write_text(f"E-mail,Met\n{rows}p40@example.org,30.02.2024\n")
    met = {"to": "first_interaction_date", "from": ["Met"], "steps": [{"do": "date", "order": "dmy"}]}
    decided.write_text(json.dumps({"version": 1, "rules": [{"to": "email", "from": ["E-mail"]}, met]}))
    given = ["--type", "contact", "--map", str(decided)]
    code, out, errors = run(path, *given, "--on-contradiction", "stop")
    assert (code, out) == (2, "")
    assert "row 41 (line 42) cannot be read as decided" in errors
    assert "30.02.2024" in errors
    assert count(team) == 0
    code, _, errors = run(path, *given)
    assert code == 1, errors
    assert count(team) == 40


def test_a_workbook_and_standard_input_are_imported(run: Import, team: Environment, tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("People")
        sheet.write_row(0, 0, ["Email", "First Name"])
        for number in range(1, 4):
            sheet.write_row(number, 0, [f"p{number}@example.org", f"P{number}"])
        book.add_worksheet("Other").write_row(0, 0, ["x"])
    code, _, errors = run(path, "--type", "contact")
    assert code == 3
    assert "--sheet People" in errors
    code, _, errors = run(path, "--type", "contact", "--sheet", "People", "--dedupe-by", "email")
    assert code == 0, errors
    assert contact(team, "email", "p2@example.org")["first_name"] == "P2"

    command = [sys.executable, "-P", "-m", "prismd.cli.main", "import", "-", "--type", "contact"]
    done = subprocess.run(
        command,
        input=b"E-mail;First Name\nz@example.org;Zo\xc3\xab\n",
        capture_output=True,
        check=False,
        env=team,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert contact(team, "email", "z@example.org")["first_name"] == "Zoë"


def test_a_dry_run_says_what_it_would_make(run: Import, team: Environment, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Email,Shoe Size\nada@example.org,38\n")
    code, out, errors = run(path, "--type", "contact", "--make-properties", "--dry-run")
    assert code == 0, errors
    assert 'The property "shoe_size" (Shoe Size, num) would be made first.' in errors
    assert "1 would be created" in out
    assert count(team) == 0
    properties = called(team, "GET", "contact", "properties")["contact"]
    assert "shoe_size" not in {one["slug"] for one in properties.values()}


def test_a_saved_mapping_is_taken_again(run: Import, team: Environment, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Mail,Who\nada@example.org,Ada\n")
    given = ["--map", "Mail=email", "--map", "Who=first_name", "--save-mapping", "staff"]
    code, _, errors = run(path, "--type", "contact", *given)
    assert code == 0, errors
    path.write_text("Mail,Who\nbo@example.org,Bo\n")
    code, _, errors = run(path, "--type", "contact", "--map", "staff")
    assert code == 0, errors
    assert contact(team, "email", "bo@example.org")["first_name"] == "Bo"


def test_a_mapping_is_the_teams_and_not_the_machines(run: Import, team: Environment, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Mail,Who\nada@example.org,Ada\n")
    given = ["--map", "Mail=email", "--map", "Who=first_name", "--save-mapping", "staff"]
    _, _, errors = run(path, "--type", "contact", *given)
    assert 'The mapping was saved on the server as "staff", version 1.' in errors
    saved = called(team, "GET", "mappings", "staff")
    assert saved["document"]["rules"] == [{"to": "email", "from": ["Mail"]}, {"to": "first_name", "from": ["Who"]}]

    # Another machine takes it by its name, or without any flag, because the team decided about these columns before.
    elsewhere = {**team, "XDG_CONFIG_HOME": str(tmp_path / "elsewhere")}
    for number, flags in enumerate((["--map", "server:staff"], ["--map", "staff"], [])):
        path.write_text(f"Mail,Who\nbo{number}@example.org,Bo\n")
        code, _, errors = ended(start_prismd(["import", str(path), "--type", "contact", *flags], elsewhere, tmp_path))
        assert code == 0, errors
        assert contact(team, "email", f"bo{number}@example.org")["first_name"] == "Bo"

    def mappings(*arguments: str) -> tuple[int, str, str]:
        return ended(start_prismd(["mappings", *arguments], elsewhere, tmp_path))

    assert "staff  version 1  contact" in mappings("list")[1]
    assert json.loads(mappings("list", "--json")[1])[0]["name"] == "staff"
    code, document, _ = mappings("show", "staff")
    (tmp_path / "staff.json").write_text(document)
    path.write_text("Mail,Who\ncy@example.org,Cy\n")
    assert run(path, "--type", "contact", "--map", str(tmp_path / "staff.json"))[0] == 0
    assert json.loads(mappings("show", "staff", "--json")[1])["version"] == 1
    assert mappings("delete", "staff")[0] == 0
    code, _, errors = mappings("show", "staff")
    assert (code, "has no mapping 'staff'" in errors) == (2, True)
    code, _, errors = run(path, "--type", "contact", "--map", "server:staff")
    assert (code, "the server has no mapping of this name" in errors) == (2, True)


def test_failed_rows_of_a_table_are_mended_and_imported_again(run: Import, team: Environment, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("E-mail,Met\nada@example.org,2024-02-29\nbo@example.org,2024-02-30\n")
    code, _, errors = run(path, "--type", "contact", "--map", "Met=first_interaction_date")
    assert code == 1, errors
    failed = tmp_path / "people.csv.failed.csv"
    failed.write_text(failed.read_text(encoding="utf-8-sig").replace("02-30", "02-28"), encoding="utf-8")
    code, _, errors = run(failed, "--type", "contact", "--map", "Met=first_interaction_date")
    assert code == 0, errors
    assert count(team) == 2
