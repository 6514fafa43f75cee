from __future__ import annotations

import csv
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.cli.scripted import Import, Time
from tests.scripted_prism import Fault, ScriptedPrism


def journals(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "state").rglob("*") if path.is_file()]


def test_rows_are_imported_and_failures_written_with_all_their_cells(
    run: Import, prism: ScriptedPrism, people: Path, tmp_path: Path
) -> None:
    result = run(people, "--dedupe-by", "email")
    assert result.exit_code == 1
    assert "         4 created" in result.stdout
    assert "1 x invalid_value: name: expected a good name, found" in result.stdout
    assert [record["zip"] for record in prism.records] == ["00500", "00501", "00503", "00504"]
    assert prism.imports[0]["options"] == {"dedupe_by": "email", "caseInsensitive": True}
    with (tmp_path / "people.csv.failed.csv").open(newline="") as file:
        [failed] = csv.DictReader(file)
    assert failed == {
        "row": "3",
        "line": "4",
        "code": "invalid_value",
        "reason": 'name: expected a good name, found "bad =1+1"',
        "email": "bad =1+1@x.org",
        "name": "bad =1+1",
        "zip": "00502",
    }
    assert journals(tmp_path) == []


def test_all_rows_succeeding_is_exit_code_0_and_leaves_no_file(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text('{"email": "a@x.org"}\n{"default": {"email": "b@x.org"}}\n')
    result = run(path)
    assert result.exit_code == 0
    assert list(tmp_path.glob("*.failed.csv")) == []


def test_importing_the_same_file_again_is_a_new_import(run: Import, people: Path) -> None:
    run(people, "--dedupe-by", "email", "--json")
    result = run(people, "--dedupe-by", "email", "--json")
    found = json.loads(result.stdout)
    assert (found["created"], found["existing"], found["failed"], found["resumed"]) == (0, 4, 1, False)


def test_json_prints_one_object_and_nothing_else(run: Import, people: Path) -> None:
    result = run(people, "--json")
    found = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert found["rows"] == 5
    assert found["created"] == 4
    assert found["failed"] == 1
    assert found["failed_file"] == f"{people}.failed.csv"
    assert found["errors"][0]["row"] == 3
    assert found["reasons"] == [
        {"code": "invalid_value", "message": 'name: expected a good name, found "…"', "count": 1, "first_row": 3}
    ]


def test_rows_that_cannot_be_read_fail_and_spare_the_rest(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text('{"name": "A"}\n{"name": \n{"name": "bad"}\n7\n{"name": "B"}\n')
    result = run(path, "--json")
    assert result.exit_code == 1
    assert [record["name"] for record in prism.records] == ["A", "B"]
    with (tmp_path / "a.ndjson.failed.csv").open(newline="") as file:
        failed = list(csv.DictReader(file))
    assert [(row["row"], row["code"], row["original"]) for row in failed] == [
        ("2", "invalid_row", '{"name":'),
        ("3", "invalid_value", '{"name": "bad"}'),
        ("4", "invalid_row", "7"),
    ]


def test_a_file_of_failed_rows_can_be_imported_once_mended(
    run: Import, prism: ScriptedPrism, people: Path, tmp_path: Path
) -> None:
    run(people)
    failed = tmp_path / "people.csv.failed.csv"
    failed.write_text(failed.read_text().replace("bad =1+1,", "=good,"))
    result = run(failed)
    assert result.exit_code == 0
    assert prism.records[-1] == {"email": "bad =1+1@x.org", "name": "=good", "zip": "00502"}


def test_large_imports_are_polled_and_go_out_in_order(
    run: Import, prism: ScriptedPrism, time: Time, tmp_path: Path
) -> None:
    prism.polls_per_job = 4
    path = tmp_path / "many.csv"
    path.write_text("email\n" + "".join(f"{n % 500}@x.org\n" for n in range(1_000)))
    result = run(path, "--dedupe-by", "email", "--batch-rows", "250", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (found["created"], found["existing"]) == (500, 500)
    assert found["job_ids"] == ["job/1", "job/2", "job/3", "job/4"]
    sent = [row["default"]["email"] for body in prism.imports for row in body["objects"]]
    assert sent == [f"{n % 500}@x.org" for n in range(1_000)]
    assert len(set(prism.keys)) == 4
    assert len(time.slept) == 16


def test_polling_waits_as_the_server_asks(run: Import, prism: ScriptedPrism, time: Time, tmp_path: Path) -> None:
    prism.polls_per_job = 3
    prism.poll_headers = {"retry-after": "7"}
    path = tmp_path / "many.csv"
    path.write_text("email\n" + "a@x.org\n" * 100)
    assert run(path).exit_code == 0
    assert time.slept[1:] == [7, 7]


@pytest.mark.parametrize("fault", [Fault(drop="before"), Fault(drop="after"), Fault(status=500), Fault(status=503)])
def test_a_broken_answer_is_asked_for_again_and_nothing_is_doubled(
    run: Import, prism: ScriptedPrism, time: Time, people: Path, fault: Fault
) -> None:
    prism.faults.extend([fault, fault])
    result = run(people, "--json")
    assert result.exit_code == 1
    assert len(prism.records) == 4
    assert len(prism.imports) == 3
    assert len(set(prism.keys)) == 1
    assert time.slept == [0.5, 1.0]


@pytest.mark.parametrize(
    "case",
    [
        (Fault(status=429, code="rate_limited", headers={"retry-after": "3"}), 3),
        (Fault(status=429, code="rate_limited", headers={"retry-after": "Mon, 23 Nov 2026 00:00:09 GMT"}), 9),
        (Fault(status=503, headers={"retry-after": "9", "retry-after-ms": "250"}), 0.25),
        (Fault(status=409, code="idempotency_key_in_progress", headers={"retry-after": "1"}), 1),
        (Fault(status=409, code="idempotency_key_in_progress", headers={"x-should-retry": "false"}), 0.5),
    ],
)
def test_the_server_says_how_long_to_wait(
    run: Import, prism: ScriptedPrism, time: Time, people: Path, case: tuple[Fault, float]
) -> None:
    fault, wait = case
    prism.faults.append(fault)
    assert run(people).exit_code == 1
    assert time.slept == [wait]


def test_a_connection_that_stays_broken_ends_in_one_line_and_the_next_run_goes_on(
    run: Import, prism: ScriptedPrism, tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    path.write_text("name\n" + "".join(f"{'bad' if n % 10 == 0 else 'n'}{n}\n" for n in range(50)))
    prism.faults.extend([Fault(), Fault(), *[Fault(drop="after")] * 9])
    result = run(path, "--batch-rows", "10")
    assert result.exit_code == 2
    assert result.stdout == ""
    *progress, complaint = result.stderr.splitlines()
    assert all(line.startswith("importing many.csv: ") for line in progress)
    assert complaint.startswith("prismd import: http://127.0.0.1:")
    assert "20 of 50 rows are done; the same command again goes on" in result.stderr
    assert len(prism.records) == 27, "the third batch was done, its answer was lost"

    before = len(prism.imports)
    result = run(path, "--batch-rows", "10", "--json")
    assert "did not end; 20 of 50 rows are done." in result.stderr
    found = json.loads(result.stdout)
    assert (found["created"], found["failed"], found["resumed"]) == (45, 5, True)
    assert len(prism.records) == 45
    assert len(prism.imports) - before == 3
    with (tmp_path / "many.csv.failed.csv").open(newline="") as file:
        assert [row["row"] for row in csv.DictReader(file)] == ["1", "11", "21", "31", "41"]
    assert journals(tmp_path) == []


def test_a_run_that_is_killed_while_a_job_runs_asks_for_that_job(
    run: Import, prism: ScriptedPrism, time: Time, tmp_path: Path
) -> None:
    def interrupt() -> None:
        time.on_sleep = lambda: None
        raise KeyboardInterrupt

    path = tmp_path / "many.csv"
    path.write_text("name\n" + "n\n" * 300)
    time.on_sleep = interrupt
    result = run(path, "--batch-rows", "150")
    assert result.exit_code == 130
    told = "prismd import: interrupted; 0 of 300 rows are done; job job/1 goes on on the server; "
    assert result.stderr.startswith(f"{told}`prismd imports cancel job/1` stops it, the same command again")
    assert prism.cancelled == []
    assert len(journals(tmp_path)) == 1
    result = run(path, "--batch-rows", "150", "--json")
    assert json.loads(result.stdout)["created"] == 300
    assert len(prism.records) == 300
    assert len(prism.imports) == 2


def test_again_begins_anew(run: Import, prism: ScriptedPrism, people: Path, tmp_path: Path) -> None:
    prism.faults.extend([Fault(drop="after")] * 9)
    assert run(people).exit_code == 2
    first_keys = set(prism.keys)
    result = run(people, "--again")
    assert result.exit_code == 1
    assert not first_keys & set(prism.keys[9:])
    assert len(prism.records) == 8
    assert journals(tmp_path) == []


def test_an_unfinished_import_with_other_options_is_not_begun_anew_in_silence(
    run: Import, prism: ScriptedPrism, people: Path
) -> None:
    prism.faults.extend([Fault(drop="after")] * 9)
    assert run(people).exit_code == 2
    result = run(people, "--dedupe-by", "email")
    assert result.exit_code == 2
    assert "other options" in result.stderr
    assert "--again" in result.stderr
    assert len(prism.records) == 4


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault(status=409, code="idempotency_key_stale"), "give --again to begin anew, with --dedupe-by"),
        (Fault(status=409, code="idempotency_key_mismatch"), "with other content"),
        (Fault(status=413, code="payload_too_large"), "smaller --batch-rows"),
        (
            Fault(status=400, code="invalid_request", message="no  such\noption."),
            "(400 invalid_request): no such option",
        ),
        (Fault(status=401, code="unauthorized"), "check MICRO_API_KEY"),
        (Fault(status=429, headers={"retry-after": "86400"}), "asks to wait 86400 seconds"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(
    run: Import, prism: ScriptedPrism, people: Path, fault: Fault, sentence: str
) -> None:
    prism.faults.append(fault)
    result = run(people)
    assert result.exit_code == 2
    assert result.stderr.startswith("prismd import: ")
    assert result.stderr.count("\n") == 1
    assert sentence in result.stderr
    assert len(prism.imports) == 1


def test_a_job_that_fails_is_no_success(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    prism.job_error = {"code": "internal_error", "message": "the disk is full"}
    path = tmp_path / "many.csv"
    path.write_text("name\n" + "n\n" * 100)
    result = run(path)
    assert result.exit_code == 2
    assert "gave up on rows 1 to 100 (job job/1): the disk is full" in result.stderr
    assert "goes on" not in result.stderr


def test_fewer_outcomes_than_rows_is_no_success(run: Import, prism: ScriptedPrism, people: Path) -> None:
    prism.results_missing = 1
    result = run(people)
    assert result.exit_code == 2
    assert "expected 5 outcomes for rows 1 to 5, the server gave 4" in result.stderr


def test_a_job_that_the_server_has_forgotten_is_told(
    run: Import, prism: ScriptedPrism, time: Time, tmp_path: Path
) -> None:
    time.on_sleep = prism.jobs.clear
    path = tmp_path / "many.csv"
    path.write_text("name\n" + "n\n" * 100)
    result = run(path)
    assert result.exit_code == 2
    assert "knows no import of rows 1 to 100 any more" in result.stderr


def test_a_poll_that_fails_is_made_again(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    prism.poll_faults.extend([Fault(drop="before"), Fault(status=502)])
    path = tmp_path / "many.csv"
    path.write_text("name\n" + "n\n" * 100)
    assert run(path).exit_code == 0


def test_unknown_columns_are_asked_about_before_anything_is_sent(
    run: Import, prism: ScriptedPrism, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("First Name,e_mail,shoe\nAnn,a@x.org,40\n")
    result = run(path)
    assert result.exit_code == 3
    assert "and nothing was sent; give one of the flags for each" in result.stderr
    assert "--map shoe=+shoe" in result.stderr
    assert "--map shoe=-" in result.stderr
    assert prism.imports == []


def test_unknown_columns_can_be_left_out_and_still_come_back_with_failures(
    run: Import, prism: ScriptedPrism, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name,shoe\nbad,40\nAnn,41\n")
    assert run(path, "--ignore-unknown-columns").exit_code == 1
    assert prism.records == [{"name": "Ann"}]
    assert "bad,40" in (tmp_path / "a.csv.failed.csv").read_text()


def test_a_server_without_properties_gets_every_column_as_text(
    run: Import, prism: ScriptedPrism, tmp_path: Path
) -> None:
    prism.properties = None
    path = tmp_path / "a.csv"
    path.write_text("shoe,tags\n040,a;b\n")
    assert run(path).exit_code == 0
    assert prism.records == [{"shoe": "040", "tags": "a;b"}]


def test_cells_of_multiple_value_properties_are_split(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name;tags\nAnn;a, b\n")
    assert run(path, "--multi-separator", ",").exit_code == 0
    assert prism.records == [{"name": "Ann", "tags": ["a", "b"]}]


def test_blank_cells_never_erase_and_a_token_does(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    prism.records.append({"email": "a@x.org", "name": "Ann", "zip": "1"})
    path = tmp_path / "a.csv"
    path.write_text("email,name,zip\na@x.org,,-\n")
    result = run(path, "--dedupe-by", "email", "--update-existing", "--clear-token", "-")
    assert "1 of them updated" in result.stdout
    assert prism.records == [{"email": "a@x.org", "name": "Ann", "zip": None}]


@pytest.mark.parametrize(("slug", "sentence"), [("e_mail", 'mean "email"'), ("first_name", "has no column")])
def test_a_key_that_cannot_match_is_refused(
    run: Import, prism: ScriptedPrism, people: Path, slug: str, sentence: str
) -> None:
    result = run(people, "--dedupe-by", slug)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert prism.imports == []


def test_a_key_that_is_no_column_is_refused_with_the_columns_there_are(run: Import, people: Path) -> None:
    people.write_text("email;full_name;zip\n")
    stderr = run(people, "--dedupe-by", "email", "--delimiter", ",").stderr
    assert (
        'no column "email"; it has "email;full_name;zip"; if cells were told apart wrongly, --delimiter names' in stderr
    )


@pytest.mark.parametrize(
    ("options", "on_the_wire"),
    [
        (["--dedupe-by", "email", "--case-sensitive"], {"dedupe_by": "email", "caseInsensitive": False}),
        (
            ["--dedupe-by", "email", "--on-match", "update"],
            {"dedupe_by": "email", "caseInsensitive": True, "update_existing": True},
        ),
        (
            ["--dedupe-by", "email", "--on-match", "fill", "--require-key"],
            {"dedupe_by": "email", "caseInsensitive": True, "on_match": "fill", "require_key": True},
        ),
        (["--create-missing-options", "--dry-run"], {"create_missing_options": True, "dry_run": True}),
        ([], {}),
    ],
)
def test_options_reach_the_server(
    run: Import, prism: ScriptedPrism, people: Path, options: list[str], on_the_wire: dict[str, Any]
) -> None:
    run(people, *options)
    assert prism.imports[0]["options"] == on_the_wire


def test_a_dry_run_is_not_sent_to_a_server_that_may_not_know_it(
    run: Import, prism: ScriptedPrism, people: Path
) -> None:
    prism.lists_imports = False
    result = run(people, "--dry-run")
    assert result.exit_code == 2
    assert "is no prismd and might pass over --dry-run" in result.stderr
    assert prism.imports == []


def test_a_dry_run_says_so(run: Import, prism: ScriptedPrism, people: Path) -> None:
    result = run(people, "--dry-run")
    assert "4 would be created" in result.stdout
    assert prism.records == []


@pytest.mark.parametrize(
    "case",
    [
        ([], {"MICRO_API_KEY": None}, "MICRO_API_KEY is not set"),
        ([], {"MICRO_API_KEY": "a\nb"}, "characters that no key has"),
        ([], {"MICRO_API_KEY": "other"}, "(403 forbidden): The key is not known; check MICRO_API_KEY"),
        ([], {"MICRO_TEAM_ID": None}, "--team"),
        ([], {"MICRO_BASE_URL": "ftp://x"}, "expected an address"),
        (["--update-existing"], {}, "--update-existing needs --dedupe-by"),
        (["--require-key"], {}, "--require-key needs --dedupe-by"),
        (["--dedupe-by", "email", "--update-existing", "--on-match", "fill"], {}, "contradicts"),
        (["--delimiter", "ab"], {}, "one character"),
        (["--multi-separator", ""], {}, "at least one character"),
        (["--encoding", "klingon"], {}, "there is no encoding"),
        (["--batch-rows", "0"], {}, "--batch-rows"),
        (["--no-such-option"], {}, "--no-such-option"),
        (["--type", "event"], {}, "event"),
    ],
)
def test_what_cannot_run_is_one_line_and_exit_code_2(
    run: Import,
    prism: ScriptedPrism,
    people: Path,
    case: tuple[list[str], dict[str, str | None], str],
) -> None:
    options, environment, sentence = case
    result = run(people, *options, **environment)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("prismd import: ")
    assert result.stderr.count("\n") == 1
    assert sentence in result.stderr
    assert prism.imports == []


@pytest.mark.parametrize("name", ["missing.csv", "no-directory/people.csv", "people.csv/inside.csv", "n" * 300])
def test_a_file_that_is_not_there_is_one_line(run: Import, people: Path, name: str) -> None:
    missing = people.parent / name
    result = run(missing)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"prismd import: {missing}: cannot be read: ")
    assert result.stderr.count("\n") == 1


def test_a_file_that_goes_away_meanwhile_is_told(run: Import, prism: ScriptedPrism, time: Time, people: Path) -> None:
    prism.faults.append(Fault(status=503))
    people.write_text("name\n" + "n\n" * 2_000)
    time.on_sleep = people.unlink
    result = run(people, "--batch-rows", "99")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(f"prismd import: {people}: cannot be read: ")


def test_the_file_to_import_is_never_the_file_of_failures(run: Import, people: Path) -> None:
    before = people.read_bytes()
    result = run(people, "--failed", str(people))
    assert result.exit_code == 2
    assert people.read_bytes() == before


def test_a_server_that_is_not_there_is_told_within_seconds(run: Import, time: Time, people: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = run(people, "--base-url", f"http://127.0.0.1:{port}")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"prismd import: http://127.0.0.1:{port} cannot be reached: ")
    assert time.slept == [0.5, 1.0]


def test_a_bad_byte_is_asked_about_before_anything_is_sent(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"name\n" + b"x\n" * 500 + b"caf\xe9\n")
    result = run(path, "--batch-rows", "10")
    assert result.exit_code == 3
    assert "What is the encoding of the file?" in result.stderr
    assert "--encoding cp1252" in result.stderr
    assert prism.imports == []
    assert run(path, "--encoding", "cp1252").exit_code == 0
    assert prism.records[-1] == {"name": "café"}


def test_a_file_that_changes_meanwhile_is_told(run: Import, prism: ScriptedPrism, time: Time, people: Path) -> None:
    prism.faults.append(Fault(status=503))
    people.write_text("name\n" + "n\n" * 2_000)

    def change() -> None:
        people.write_text("name\nother\n")

    time.on_sleep = change
    result = run(people, "--batch-rows", "99")
    assert result.exit_code == 2
    assert "has changed while it was being read" in result.stderr


def test_plain_lines_come_every_few_seconds(run: Import, prism: ScriptedPrism, time: Time, tmp_path: Path) -> None:
    prism.polls_per_job = 12
    path = tmp_path / "many.csv"
    path.write_text("name\n" + "n\n" * 1_200)
    lines = run(path).stderr.splitlines()
    assert 1 <= len(lines) <= sum(time.slept) / 5
    assert len(lines) < len(time.slept)
    assert lines[0].startswith("importing many.csv: ")
    assert " of 1,200 rows, " in lines[0]
    assert lines[0].endswith(" s left")


def test_two_imports_of_one_file_at_once_are_refused(
    run: Import, prism: ScriptedPrism, time: Time, people: Path
) -> None:
    inner: list[Result] = []

    def import_too() -> None:
        time.on_sleep = lambda: None
        inner.append(run(people))

    prism.faults.append(Fault(status=503))
    time.on_sleep = import_too
    assert run(people).exit_code == 1
    assert inner[0].exit_code == 2
    assert "another process is importing the same file" in inner[0].stderr
    assert len(prism.records) == 4


def test_an_empty_file_of_rows_is_no_failure(run: Import, prism: ScriptedPrism, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[]")
    result = run(path, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["rows"] == 0
    assert prism.imports == []


def test_every_failure_is_kept_however_many_there_are(run: Import, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name\n" + "".join(f"bad{n}\n" for n in range(1_500)))
    found = json.loads(run(path, "--json").stdout)
    assert found["failed"] == 1_500
    assert found["reasons"][0]["count"] == 1_500
    with (tmp_path / "a.csv.failed.csv").open(newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == [f"bad{n}" for n in range(1_500)]
