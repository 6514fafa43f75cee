from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.files.json_rows import JsonRows
from prismd.files.ndjson_rows import NdjsonRows
from prismd.files.opening import open_file
from prismd.files.rows import FileProblemError, FileRow

ENVELOPE = {"default", "list", "extended"}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # Blank texts are left out, which has tests of its own.
    | st.text('{}[]",:\\é\n').map("x{}".format),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('{"\\:', max_size=3), inner, max_size=3),
    max_leaves=8,
)
json_objects = st.dictionaries(st.text(max_size=4) | st.sampled_from(sorted(ENVELOPE)), json_values, max_size=4)
indents = st.sampled_from([None, 1])


def rows_of(data: bytes) -> list[FileRow]:
    return list(JsonRows().rows(iter([data])))


def one_by_one(data: bytes) -> Iterator[bytes]:
    return (data[i : i + 1] for i in range(len(data)))


def expected(value: Any) -> Any:
    return value if ENVELOPE & value.keys() else {"default": value}


@given(st.lists(json_objects, max_size=5), indents, st.booleans(), st.booleans())
def test_an_array_is_read_back_wherever_it_is_cut(
    objects: list[Any],
    indent: int | None,
    ascii_only: bool,  # noqa: FBT001 - drawn by Hypothesis
    wrapped: bool,  # noqa: FBT001 - drawn by Hypothesis
) -> None:
    document = {"x": [{"objects": 1}], "objects": objects, "y": "]"} if wrapped else objects
    data = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    rows = rows_of(data)
    assert [json.loads(row.wire or b"") for row in rows] == [expected(value) for value in objects]
    assert [row.number for row in rows] == list(range(1, len(objects) + 1))
    assert list(JsonRows().rows(one_by_one(data))) == rows


@given(st.lists(json_objects, max_size=5), st.sampled_from(["\n", "\r\n", "\n\n"]), st.integers(min_value=0))
def test_ndjson_is_read_back_wherever_it_is_cut(objects: list[Any], end: str, place: int) -> None:
    data = end.join(json.dumps(value, ensure_ascii=False) for value in objects).encode()
    rows = list(NdjsonRows().rows(iter([data])))
    assert [json.loads(row.wire or b"") for row in rows] == [expected(value) for value in objects]
    place %= len(data) + 1
    assert list(NdjsonRows().rows(iter([data[:place], data[place:]]))) == rows


@given(st.text('[]{}",:\\a1 \n', max_size=20))
def test_any_text_gives_rows_or_one_sentence(text: str) -> None:
    data = b"[" + text.encode()

    def outcome(chunks: Iterator[bytes]) -> Any:
        try:
            return list(JsonRows().rows(chunks))
        except FileProblemError as error:
            return str(error)

    whole = outcome(iter([data]))
    assert outcome(one_by_one(data)) == whole
    try:
        document = json.loads(data)
    except ValueError:
        assert isinstance(whole, str) or any(row.problem for row in whole)
    else:
        assert len(whole) == len(document)


def test_rows_go_out_byte_for_byte() -> None:
    raw = b'{"n": 1.10, "big": 123456789012345678901234567890, "n": 2, "e": "\\u00e9"}'
    [row] = rows_of(b"[" + raw + b"]")
    assert row.wire == b'{"default":' + raw + b"}"
    assert row.original == (raw.decode(),)


def test_rows_in_an_envelope_go_out_as_they_are() -> None:
    rows = rows_of(b'[{"default": {"a": 1}}, {"list": {}}, {"id": "x", "default": {}}, {}]')
    assert [row.wire for row in rows] == [
        b'{"default": {"a": 1}}',
        b'{"list": {}}',
        b'{"id": "x", "default": {}}',
        b'{"default":{}}',
    ]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"1", "found a number"),
        (b'"x"', "found a text"),
        (b"null", "found null"),
        (b"[1]", "found an array"),
        (b'{"a": tru}', "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": 1]', "not JSON"),
        (b'{"a": "\xff"}', "byte 8 of the row is 0xFF"),
        (b'{"a": "\\ud800"}', "half of a character pair"),
        (b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "nested too deeply"),
    ],
)
def test_a_bad_row_fails_alone(raw: bytes, sentence: str) -> None:
    for rows in (
        rows_of(b'[{"a": 1},\n' + raw + b', {"b": 2}]'),
        list(NdjsonRows().rows(iter([b"{}\n" + raw + b"\n{}"]))),
    ):
        assert [row.wire is None for row in rows] == [False, True, False]
        problem = rows[1].problem
        assert problem is not None
        assert problem.code == "invalid_row"
        assert sentence in problem.message
        assert rows[1].line == 2
        assert (rows[1].number, rows[2].number) == (2, 3)


def test_nothing_between_commas_is_a_bad_row() -> None:
    rows = rows_of(b'[{"a": 1},,{"b": 2},]')
    assert [row.wire is None for row in rows] == [False, True, False, True]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "an empty file"),
        (b"12", "something else"),
        (b'{"a": 1}', "an object without it"),
        (b'{"objects": 5}', "must be an array"),
        (b'{"objects": [], "objects": []}', "stands twice"),
        (b'{"objects": [], "options": {"dedupe_by": "email"}}', "--dedupe-by"),
        (b'[{"a": 1}\n{"b": 2}]', "line 2: expected a comma or ] after row 1"),
        (b'[{"a": 1}}, {"b": 2}]', "line 1: expected a comma"),
        (b'[{"a": 1}, {"b": "x', "ends inside the value that begins at line 1"),
        (b'[\n{"a": 1},\n{"b": [}\n]', "line 4: expected a comma or ] after row 2"),
        (b"[] []", "expected the end of the file"),
        (b'{"objects" 5}', "colon|inside"),
        (b"{1: []}", "name in quotes"),
    ],
)
def test_a_broken_file_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(FileProblemError, match=sentence):
        rows_of(data)


def test_ndjson_takes_a_byte_order_mark_and_counts_lines() -> None:
    rows = list(NdjsonRows().rows(iter([b'\xef\xbb\xbf{"a": 1}\n\n  \n{"b": 2}'])))
    assert [(row.number, row.line) for row in rows] == [(1, 1), (2, 4)]


def test_the_array_may_be_larger_than_what_is_held() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"["
        for _ in range(200):
            yield b'{"a": "' + b"x" * 2**20 + b'"},'
        yield b"{}]"

    assert sum(1 for _ in JsonRows().rows(chunks())) == 201


def test_one_value_without_end_is_refused_before_memory_is_full() -> None:
    def chunks() -> Iterator[bytes]:
        yield b'["'
        while True:
            yield b"x" * 2**20

    with pytest.raises(FileProblemError, match="begins at line 1 has more than"):
        list(JsonRows().rows(chunks()))
    with pytest.raises(FileProblemError, match="line 1 has more than"):
        list(NdjsonRows().rows(chunks()))


@pytest.mark.parametrize(
    ("name", "data", "source"),
    [
        ("a.csv", b"a,b\n", "CsvRows"),
        ("a.TSV", b"a\tb\n", "CsvRows"),
        ("a.json", b'[{"a": 1}]', "JsonRows"),
        ("a.json", b'{"objects": []}', "JsonRows"),
        ("a.json", b'{\n"objects": []}', "JsonRows"),
        ("a.json", b'{"a": 1}\n{"a": 2}\n', "NdjsonRows"),
        ("a.ndjson", b"", "NdjsonRows"),
        ("a.jsonl", b"{}", "NdjsonRows"),
    ],
)
def test_the_format_is_told_by_name_and_beginning(tmp_path: Path, name: str, data: bytes, source: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert type(open_file(path).source).__name__ == source


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.csv", b"PK\x03\x04...", "broken or cut off"),
        ("a.json", b"\x1f\x8b...", "broken or cut off"),
        ("a.dat", b"a,b", "--format"),
        ("missing.csv", None, "cannot be read: No such file"),
        ("", None, "regular file"),
    ],
)
def test_what_is_no_import_file_is_refused(tmp_path: Path, name: str, data: bytes | None, sentence: str) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(FileProblemError, match=sentence):
        open_file(path)


def test_a_survey_counts_the_rows_and_hashes_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n1\n\n2\n")
    told: list[int] = []
    survey = open_file(path).survey(told.append)
    assert survey.rows == 2
    assert survey.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert told == [7]
