from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.values.blanks import is_blank
from prismd.files.json_row import json_row
from prismd.files.ndjson_rows import NdjsonRows

texts = st.sampled_from(["", " ", "\t\n", "\u200b", "\ufeff", "\u00a0", "a", " a ", "é", "日本", '"', "\\", "null"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "x", ""]), inner, max_size=3),
    max_leaves=8,
)
rows = st.dictionaries(st.sampled_from(["email", "tags", "company", "name"]), json_values, max_size=4)


class Gone:
    """Stands for a value that is left out."""


def model(value: Any, *, nulls: bool) -> Any:
    """What is left of a value, said in another way than the code says it."""
    if isinstance(value, str):
        return Gone if is_blank(value) else value
    if value is None:
        return Gone if nulls else None
    if isinstance(value, list):
        kept_items = [found for item in value if (found := model(item, nulls=nulls)) is not Gone]
        return Gone if value and not kept_items else kept_items
    if isinstance(value, dict):
        kept = {name: found for name, item in value.items() if (found := model(item, nulls=nulls)) is not Gone}
        return Gone if value and not kept else kept
    return value


@given(rows, st.booleans(), st.booleans(), st.sampled_from([None, 1]))
@example({"email": "", "name": "x"}, False, True, None)  # noqa: FBT003 - drawn by Hypothesis
@example({"tags": ["a", "", "b"]}, False, True, None)  # noqa: FBT003 - as above
def test_blank_texts_are_left_out_and_nothing_else(
    values: dict[str, Any],
    nulls: bool,  # noqa: FBT001 - drawn by Hypothesis
    ascii_only: bool,  # noqa: FBT001 - as above
    indent: int | None,
) -> None:
    for row in (values, {"default": values}, {"extended": values, "id": "x"}):
        raw = json.dumps(row, ensure_ascii=ascii_only, indent=indent).encode()
        found = json_row(1, 1, raw, nulls_are_blank=nulls)
        left = model(values, nulls=nulls)
        if left is Gone and "id" not in row:
            assert (found.wire, found.left_out) == (None, "is empty")
            continue
        expected = {} if left is Gone else left
        assert json.loads(found.wire or b"") == (
            {**row, **dict.fromkeys(row.keys() & {"default", "extended"}, expected)}
            if row is not values
            else {"default": expected}
        )


@pytest.mark.parametrize(
    ("raw", "wire"),
    [
        (b'{"email": "", "n": 1.10, "n": 2}', b'{"default":{"n": 1.10,"n": 2}}'),
        (b'{"email": "", "email": "a"}', b'{"default":{"email": "a"}}'),
        (b'{"tags": {"_op": "append", "values": ["", " "]}, "n": 1}', b'{"default":{"n": 1}}'),
        (b'{"tags": {"_op": "append", "values": ["a", ""]}}', b'{"default":{"tags": {"_op":"append","values":["a"]}}}'),
        (b'{"company": {"id": ""}, "n": 1}', b'{"default":{"n": 1}}'),
        (b'{"email": "\\u200B\\ufeff", "n": 1}', b'{"default":{"n": 1}}'),
        (b'{"email": null, "tags": [], "x": {}}', b'{"default":{"email": null, "tags": [], "x": {}}}'),
        (b'{"default": {"a": ""}, "list": {"stage": " ", "n": 1}}', b'{"default":{},"list":{"n": 1}}'),
        (
            b'{"default": {"a": 1}, "list": {"01920000-0000-7000-8000-000000000000": {"stage": ""}}}',
            b'{"default":{"a": 1},"list":{"01920000-0000-7000-8000-000000000000":{}}}',
        ),
        (b'{"note": "say \\"\\" and \\" \\" x"}', b'{"default":{"note": "say \\"\\" and \\" \\" x"}}'),
    ],
)
def test_what_is_not_blank_goes_out_as_it_is_written(raw: bytes, wire: bytes) -> None:
    found = json_row(1, 1, raw).wire
    assert found is not None
    assert found.replace(b": ", b":") == wire.replace(b": ", b":")


def test_a_mark_before_any_line_of_ndjson_is_dropped() -> None:
    data = b'\xef\xbb\xbf{"a": 1}\n\xef\xbb\xbf{"a": 2}\n'
    assert [row.wire for row in NdjsonRows().rows(iter([data]))] == [b'{"default":{"a": 1}}', b'{"default":{"a": 2}}']
