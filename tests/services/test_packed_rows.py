"""Rows are kept packed, and come back byte for byte; those of earlier versions were kept as they are."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from prismd.store.encoding.packed import packed, unpacked
from tests.services.importing import Importer


@given(st.binary(max_size=200))
def test_what_was_packed_comes_back(content: bytes) -> None:
    assert unpacked(packed(content)) == content


def test_what_was_never_packed_stays_as_it_is() -> None:
    assert unpacked(b'[{"default":{}}]') == b'[{"default":{}}]'
    assert unpacked(b"") == b""


def rows(count: int) -> list[dict[str, Any]]:
    return [{"full_name": f"Person {number}", "city": "London"} for number in range(count)]


def stored(importer: Importer, job_id: str) -> list[bytes]:
    found = importer.connection.execute("SELECT rows FROM import_chunk WHERE job_id = %s ORDER BY number", (job_id,))
    return [row[0] for row in found]


def test_the_rows_of_a_job_take_a_fraction_of_what_was_sent(importer: Importer) -> None:
    job_id = importer.submit(rows(1_000), chunk=500)
    sent = len(json.dumps(rows(1_000)))
    assert 0 < sum(map(len, stored(importer, job_id))) < sent / 4


def test_a_job_that_an_earlier_version_accepted_is_done_all_the_same(importer: Importer) -> None:
    job_id = importer.submit(rows(20), chunk=10)
    for number, content in enumerate(stored(importer, job_id)):
        importer.connection.execute(
            "UPDATE import_chunk SET rows = %s WHERE job_id = %s AND number = %s", (unpacked(content), job_id, number)
        )
    while importer.job(job_id).status == "processing":
        assert importer.step()
    assert importer.job(job_id).created == 20
