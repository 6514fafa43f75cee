"""Arrays written as text arrive in PostgreSQL as they were."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, connect
from prismd.store.encoding.arrays import array_of_any, int_array, text_array

#: What PostgreSQL takes as text, but for the one character that stands between texts.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x01"), max_size=8)


@pytest.fixture(scope="module")
def connection(database_url: str) -> Iterator[Connection]:
    with connect(database_url, Settings(), autocommit=True) as opened:
        yield opened


@given(texts=st.lists(TEXTS | st.sampled_from(["", "NULL", "{}", '","', "\\", '"', " a "]), max_size=5))
def test_texts_come_back(connection: Connection, texts: list[str]) -> None:
    assert connection.execute("SELECT %s::text[]", (text_array(texts),)).fetchone() == (texts,)


@given(values=st.lists(st.dictionaries(TEXTS, TEXTS), max_size=4))
def test_json_comes_back(connection: Connection, values: list[dict[str, str]]) -> None:
    texts = text_array([json.dumps(value) for value in values])
    if not any("\\u0000" in json.dumps(value) for value in values):
        assert connection.execute("SELECT %s::jsonb[]", (texts,)).fetchone() == (values,)


@given(numbers=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5))
def test_numbers_come_back(connection: Connection, numbers: list[int]) -> None:
    assert connection.execute("SELECT %s::bigint[]", (int_array(numbers),)).fetchone() == (numbers,)


@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), max_size=5))
@example(texts=["\x01", "a\x01b", '"', "\\", '\\"', "", "NULL"])
def test_any_texts_come_back(connection: Connection, texts: list[str]) -> None:
    assert connection.execute("SELECT %s::text[]", (array_of_any(texts),)).fetchone() == (texts,)
