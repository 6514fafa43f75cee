"""Profiles of uploaded files: what is sure has its proof, the rest is a question, and no look costs too much."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.files.workbooks import xlsx

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.conftest import Api

PEOPLE = b"First Name,Born,Party\nAda,10/12/1815,Whig\nCharles,26/12/1791,Whig\n"
DOUBTFUL = b"First Name,Born\nAda,10/12/1815\nCharles,11/12/1791\n"


def profiled(api: Api, content: bytes, name: str = "people.csv", **params: Any) -> Any:
    made = api.send("POST", "/files", params={"name": name}, content=content)
    assert made.status_code == 201, made.text
    return api.send("GET", f"/files/{made.json()['id']}/profile", params=params)


def packed(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def sheet(*cells: str) -> str:
    """Return a sheet of one column of texts."""
    rows = (f'<row r="{at}"><c t="inlineStr"><is><t>{cell}</t></is></c></row>' for at, cell in enumerate(cells, 1))
    return f"<sheetData>{''.join(rows)}</sheetData>"


def test_what_is_sure_has_its_proof(api: Api) -> None:
    found = profiled(api, PEOPLE).json()
    assert (found["format"], found["encoding"], found["delimiter"], found["header_lines"]) == ("csv", "utf-8", ",", 1)
    assert found["questions"] == []
    [order] = [one for one in found["decisions"] if one["name"] == "date_format"]
    assert (order["column"], order["value"]) == ("Born", "dmy")
    assert "26" in order["evidence"]
    born = found["columns"][1]
    assert (born["name"], born["rows"], born["filled"], born["examples"]) == (
        "Born", 2, 2, ["10/12/1815", "26/12/1791"],
    )  # fmt: skip
    assert "date" in born["kinds"]
    assert "proposals" not in born


def test_what_is_not_is_a_question_with_the_key_that_answers_it(api: Api) -> None:
    [question] = profiled(api, DOUBTFUL).json()["questions"]
    assert (question["key"], question["column"]) == ("date_format:Born", "Born")
    assert {reading["value"] for reading in question["readings"]} == {"dmy", "mdy"}
    assert all(reading["evidence"] for reading in question["readings"])
    for answer in ({"date_format": "dmy"}, {"answer": "date_format:Born=dmy"}):
        assert profiled(api, DOUBTFUL, **answer).json()["questions"] == []


def test_columns_have_proposals_with_reasons(api: Api) -> None:
    found = profiled(api, PEOPLE, type="contact").json()
    by_name = {column["name"]: column for column in found["columns"]}
    assert by_name["First Name"]["becomes"] == "first_name"
    assert by_name["First Name"]["proposals"][0]["sure"]
    assert by_name["First Name"]["proposals"][0]["reason"]
    assert by_name["Party"]["becomes"] is None
    assert [one["becomes"] for one in by_name["Party"]["proposals"]] == ["+party", "-"]
    assert {"map:Party", "map:Born"} == {question["key"] for question in found["questions"]}
    assert found["mapping"] is None
    answered = profiled(api, PEOPLE, type="contact", answer=["map:Party=-", "map:Born=-"]).json()
    assert answered["questions"] == []
    assert answered["mapping"]["leave_out"] == ["Born", "Party"]


def test_a_sheet_is_asked_for_and_chosen(api: Api) -> None:
    book = xlsx(sheet("Firm", "Acme"), names=("People", "Firms"))
    [question] = profiled(api, book, "book.xlsx").json()["questions"]
    assert (question["key"], [one["value"] for one in question["readings"]]) == ("sheet", ["People", "Firms"])
    found = profiled(api, book, "book.xlsx", sheet="Firms").json()
    assert [column["name"] for column in found["columns"]] == ["Firm"]


def test_a_member_of_an_archive_is_asked_for_and_chosen(api: Api) -> None:
    archive = packed(**{"a.csv": PEOPLE, "b.csv": b"Firm\nAcme\n"})
    found = profiled(api, archive, "all.zip").json()
    assert [question["key"] for question in found["questions"]] == ["member"]
    found = profiled(api, archive, "all.zip", member="a.csv").json()
    assert [column["name"] for column in found["columns"]] == ["First Name", "Born", "Party"]


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: packed(**{"people.csv": content})])
def test_a_packed_file_is_read_as_it_is_unpacked(api: Api, pack: Callable[[bytes], bytes]) -> None:
    found = profiled(api, pack(PEOPLE), "people.csv").json()
    assert [column["name"] for column in found["columns"]] == ["First Name", "Born", "Party"]


def test_members_of_json_are_properties_already(api: Api) -> None:
    found = profiled(api, b'{"first_name": "Ada"}\n{"first_name": "Charles"}\n', "people.ndjson").json()
    assert (found["format"], found["columns"], found["questions"]) == ("ndjson", [], [])


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"\x1f\x8b broken", "a.csv.gz", "broken or cut off"),
        (b"PK\x03\x04 broken", "a.xlsx", "broken or cut off"),
        (b"", "a.csv", "no table"),
        (b"%PDF-1.4", "a.pdf", "a PDF"),
        (b"a,b\n1,2\n", "a", "give `format`"),
        (packed(**{f"{number}.csv": b"" for number in range(3)}), "a.zip", None),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(api: Api, content: bytes, name: str, said: str | None) -> None:
    answer = profiled(api, content, name)
    if said is None:
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unreadable_file")
    assert said in answer.json()["error"]["message"]
    assert "--" not in answer.json()["error"]["message"]


def test_a_bomb_is_refused(serve: Callable[..., Api]) -> None:
    api = serve(file_sampled_bytes_max=2**20)
    for name, content in [("a.csv.gz", gzip.compress(bytes(80 * 2**20))), ("a.zip", packed(**{"a.csv": bytes(2**21)}))]:
        answer = profiled(api, content, name)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unreadable_file")
        assert "unpacks to more than" in answer.json()["error"]["message"]


def test_a_workbook_that_is_too_large_is_refused(serve: Callable[..., Api]) -> None:
    api = serve(workbook_bytes_max=1_000)
    answer = profiled(api, xlsx(sheet("Name", *(f"Ada {number}" for number in range(500)))), "a.xlsx")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unreadable_file")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"type": "nobody"}, ".query.type"),
        ({"format": "doc"}, ".query.format"),
        ({"encoding": "klingon"}, ".query.encoding"),
        ({"delimiter": ";;"}, ".query.delimiter"),
        ({"header": "many"}, ".query.header"),
        ({"skip_rows": "-1"}, ".query.skip_rows"),
        ({"skip_rows": "\u0661"}, ".query.skip_rows"),
        ({"table": "0"}, ".query.table"),
        ({"date_format": "dd/mm"}, ".query.date_format"),
        ({"answer": "nonsense"}, ".query.answer"),
        ({"answer": "colour:Born=red"}, ".query.answer"),
        ({"answer": "map:Party=-"}, ".query.answer"),
        ({"answer": "date_format:Borne=dmy"}, ".answers.date_format:Borne"),
        ({"type": "contact", "answer": "map:Party=no_such"}, ".map"),
        ({"type": "contact", "answer": "map:Partei=-"}, ".map"),
        ({"nothing": "x"}, ".query.nothing"),
    ],
)
def test_what_means_nothing_is_refused_by_name(api: Api, params: dict[str, str], field: str) -> None:
    answer = profiled(api, PEOPLE, **params)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["errors"][0]["field"] == field


def test_a_profile_of_a_type_needs_the_scope_of_that_type(api: Api) -> None:
    made = api.send("POST", "/files", params={"name": "a.csv"}, content=PEOPLE).json()
    key = api.make_key(None, "import:deal")
    path = f"/files/{made['id']}/profile"
    assert api.send("GET", path, key=key, params={"type": "deal"}).status_code == 200
    assert api.send("GET", path, key=key, params={"type": "contact"}).status_code == 403


def test_the_profile_of_another_team_is_not_found(api: Api) -> None:
    made = api.send("POST", "/files", params={"name": "a.csv"}, content=PEOPLE).json()
    stranger = api.make_key("another-team-of-profiles")
    path = f"/v2/prism/another-team-of-profiles/files/{made['id']}/profile"
    assert api.send("GET", path, key=stranger).status_code == 404
