"""Whatever is sent: never a 500, never a hang, never a silent change of a value."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Api

GOOD = '{"default": {"full_name": "Grace"}}'


def send(api: Api, rows: str, options: str = "{}") -> Any:
    """Send rows as raw JSON texts, with a good one at the end that every bad one must spare."""
    body = f'{{"objects": [{rows}, {GOOD}], "options": {options}}}'
    return api.send("POST", "/contact/import", content=body.encode(errors="surrogatepass"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", ".body"),
        (" ", ".body"),
        ("{", ".body"),
        ("nonsense", ".body"),
        ("null", ".body"),
        ("[]", ".body"),
        ("7", ".body"),
        ('"text"', ".body"),
        ('{"objects": []} trailing', ".body"),
        ("{}", ".body.objects"),
        ('{"objects": null}', ".body.objects"),
        ('{"objects": {}}', ".body.objects"),
        ('{"objects": "rows"}', ".body.objects"),
        ('{"objects": [], "options": []}', ".body.options"),
        ('{"objects": [], "options": {"dedup_by": "email"}}', ".body.options.dedup_by"),
        ('{"objects": [], "options": {"dedupe_by": "emial"}}', ".body.options.dedupe_by"),
        ('{"objects": [], "options": {"dedupe_by": ["email", "full_name"]}}', ".body.options.dedupe_by"),
        ('{"objects": [], "options": {"dedupe_by": []}}', ".body.options.dedupe_by"),
        ('{"objects": [], "options": {"dedupe_by": ""}}', ".body.options.dedupe_by"),
        ('{"objects": [], "options": {"dedupe_by": 7}}', ".body.options.dedupe_by"),
        ('{"objects": [], "options": {"dedupe_by": "created_at"}}', ".body.options.dedupe_by"),
        ('{"objects": [], "options": {"dedupe_by": "email\\u0000"}}', ".body.options.dedupe_by"),
        ('{"objects": [], "options": {"dedupe_by": "\\ud800"}}', ".body.options.dedupe_by"),
        ('{"objects": [], "options": {"caseInsensitive": "yes"}}', ".body.options.caseInsensitive"),
        ('{"objects": [], "options": {"on_match": "merge"}}', ".body.options.on_match"),
        ('{"objects": [], "options": {"list_id": "x"}}', ".body.options.list_id"),
        ('{"objects": [], "options": {"\\ud800": 1}}', ".body.options."),
        ('{"objects": [], "objects": [{}]}', ".body"),
        ('{"objects": [], "a": ' + "[" * 100_000 + "]" * 100_000 + "}", ".body"),
    ],
)
def test_a_bad_request_names_its_field_and_stores_nothing(api: Api, body: str, field: str) -> None:
    refused = api.send("POST", "/contact/import", content=body)
    assert refused.status_code == 400, refused.text
    error = refused.json()["error"]
    assert error["code"] == "invalid_request"
    assert error["errors"][0]["field"].startswith(field)
    assert api.send("GET", "/contact/count").json() == {"total": 0}


@pytest.mark.parametrize("body", [b"\xff\xfe", b"\x00" * 100, b"\xef\xbb\xbf{}", '{"objects": []}'.encode("utf-16")])
def test_bytes_that_are_no_utf8_json_are_refused(api: Api, body: bytes) -> None:
    assert api.send("POST", "/contact/import", content=body).status_code == 400


def test_a_row_that_is_no_utf8_spares_the_rest(api: Api) -> None:
    body = b'{"objects": [{"default": {"full_name": "\xff"}}, ' + GOOD.encode() + b"]}"
    refused, spared = api.send("POST", "/contact/import", content=body).json()["results"]
    assert refused["error"]["code"] == "invalid_row"
    assert spared["created"] is True


BAD_ROWS: dict[str, str] = {
    "null": "null",
    "a number": "7",
    "a text": '"row"',
    "an array": "[]",
    "an unknown bucket": '{"defaults": {}}',
    "a bucket that is no object": '{"default": []}',
    "an id": '{"id": "x", "default": {}}',
    "a repeated key": '{"default": {"full_name": "A", "full_name": "B"}}',
    "a repeated bucket": '{"default": {"full_name": "A"}, "default": {}}',
    "a slug in two buckets": '{"default": {"full_name": "A"}, "extended": {"full_name": "B"}}',
    "an unpaired surrogate": '{"default": {"full_name": "A\\ud800"}}',
    "an unpaired surrogate as slug": '{"default": {"\\udfff": "A"}}',
    "NUL": '{"default": {"full_name": "A\\u0000B"}}',
    "NUL in a slug": '{"default": {"full\\u0000name": "A"}}',
    "deep nesting": '{"default": {"full_name": ' + "[" * 500 + "]" * 500 + "}}",
    "an object as value": '{"default": {"full_name": {"first": "A"}}}',
    "a huge exponent": '{"default": {"first_interaction_date": 1e999999}}',
    "a date that is none": '{"default": {"first_interaction_date": "2026-02-30"}}',
    "an unknown option": '{"default": {"seniority": "\\ud800"}}',
    "a reference that is no id": '{"default": {"company": "\\u0000"}}',
    "10,000 unknown slugs": json.dumps({"default": {f"slug_{number}": number for number in range(10_000)}}),
    "a 1 MB unknown slug": json.dumps({"default": {"s" * 2**20: 1}}),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_is_its_own_error_and_spares_the_rest(api: Api, name: str) -> None:
    answer = send(api, BAD_ROWS[name])
    assert answer.status_code == 200, answer.text
    job = answer.json()
    refused, spared = job["results"]
    assert (job["status"], job["created"], job["failed"]) == ("complete", 1, 1)
    assert refused["error"]["code"] in {
        "invalid_row",
        "invalid_property",
        "invalid_value",
        "invalid_option",
        "not_found",
    }
    assert len(refused["error"]["message"]) < 1000
    assert len(refused["errors"]) <= 101
    assert spared["created"] is True


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "nan", "0x10", "01", "'x'", "undefined"])
def test_what_is_no_json_value_refuses_the_request(api: Api, constant: str) -> None:
    assert send(api, f'{{"default": {{"full_name": {constant}}}}}').status_code == 400
    assert api.send("GET", "/contact/count").json() == {"total": 0}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " padded ",
        "00042",
        "1e5",
        "true",
        "null",
        "é",
        "e\u0301",
        "\u202etxet",
        "😀",
        "\x01\x1f",
        "\u2028",
        "\ufeff",
        "\uffff",
        "'; DROP TABLE record; --",
        "<script>",
        "=1+1",
        "x" * 2**20,
    ],
)
def test_a_text_is_read_back_as_it_was_sent_or_refused(serve: Callable[..., Api], text: str) -> None:
    api = serve(text_chars_max=2**20)
    result = api.start([{"default": {"full_name": text}}]).json()["results"][0]
    if result["id"] is None:
        assert result["error"]["code"] == "invalid_value"
        return
    stored = api.send("GET", f"/contact/{result['id']}").json()["default"].get("full_name", "")
    assert stored == text


@pytest.mark.parametrize(
    "number",
    [
        "42",
        "-0",
        "1e400",
        "12345678901234567890123456789",
        "0.1",
        "1.0",
        "1E+2",
        "3.14159265358979323846",
        "-1e-400",
        "1" * 5000,
    ],
)
def test_a_number_is_read_back_without_loss_or_refused(api: Api, number: str) -> None:
    row = f'{{"default": {{"employee_count": {number}}}}}'
    answer = api.send("POST", "/organization/import", content=f'{{"objects": [{row}]}}')
    assert answer.status_code == 200, answer.text
    result = answer.json()["results"][0]
    if result["id"] is None:
        assert result["error"]["code"] == "invalid_value"
        return
    text = api.send("GET", f"/organization/{result['id']}").text
    stored = json.loads(text, parse_float=_exact, parse_int=_exact)["default"]["employee_count"]
    assert stored == _exact(number)


def test_too_many_rows_are_refused(serve: Callable[..., Api]) -> None:
    api = serve(rows_per_request_max=10)
    refused = api.start([{}] * 11)
    assert refused.status_code == 400
    assert refused.json()["error"]["errors"][0] == {
        "field": ".body.objects",
        "message": "found 11 rows, the most is 10; send the rest in further requests",
        "code": "maxItems.openapi.validation",
    }
    assert api.start([{}] * 10).status_code == 200


def test_a_job_of_bad_rows_ends_too(api: Api) -> None:
    rows = ", ".join(list(BAD_ROWS.values()) * 5)
    started = send(api, rows)
    assert started.status_code == 202
    api.work()
    job = api.send("GET", started.headers["location"]).json()
    assert (job["status"], job["created"], job["failed"]) == ("complete", 1, len(BAD_ROWS) * 5)


def _exact(text: str) -> Any:
    return Decimal(text)
