"""Parquet and Arrow files: values with their types, and a clear sentence where the extra is missing."""

from __future__ import annotations

import builtins
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from prismd.core.tables.cells import CellFault
from prismd.files.columnar import columnar_rows
from prismd.files.limits import LIMITS
from prismd.files.rows import FileProblemError
from tests.files.workbooks import read, read_apart

TABLE = pa.table(
    {
        "whole": [1, None, 2**62],
        "text": ["x", "", None],
        "part": [1.5, float("nan"), 3.0],
        "day": [dt.date(2024, 1, 2)] * 3,
        "exact": [Decimal("1.20")] * 3,
        "many": [["a", "b"], [], None],
        "moment": pa.array([0, 1_000, 1], pa.timestamp("ns", "UTC")),
        "bytes": [b"ab", b"", None],
        "yes": [True, False, None],
        "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
    }
)  # fmt: skip


def written(form: str, path: Path) -> Path:
    if form == "parquet":
        pq.write_table(TABLE, path)
    else:
        new = pa.ipc.new_file if form == "arrow" else pa.ipc.new_stream
        with new(path, TABLE.schema) as file:
            file.write_table(TABLE)
    return path


@pytest.mark.parametrize("form", ["parquet", "arrow", "stream"])
def test_values_keep_their_types(tmp_path: Path, form: str) -> None:
    rows, found = read(written(form, tmp_path / "a"), "parquet" if form == "parquet" else "arrow")
    assert found.header == tuple(TABLE.column_names)
    assert rows[0] == (
        1,
        [
            1,
            "x",
            Decimal("1.5"),
            dt.date(2024, 1, 2),
            Decimal("1.20"),
            '["a","b"]',
            "1970-01-01 00:00:00.000000000Z",
            "YWI=",
            True,
            "a",
        ],
    )
    assert rows[1][1][:3] == [None, "", CellFault("nan as a number")]
    assert rows[2][1][0] == 2**62


def test_it_is_read_apart_within_its_limit_of_memory(tmp_path: Path) -> None:
    limits = msgspec.structs.replace(LIMITS, child_memory_bytes=4 * 2**30)
    assert len(read_apart(written("parquet", tmp_path / "a"), "parquet", limits=limits)[0]) == 3


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = written("parquet", tmp_path / "a")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FileProblemError, match="broken or cut off"):
        read(path, "parquet")


def test_a_file_that_is_too_wide_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({str(n): [1] for n in range(20)}), tmp_path / "a")
    with pytest.raises(FileProblemError, match="20 columns; at most 10 are read"):
        read(tmp_path / "a", "parquet", limits=msgspec.structs.replace(LIMITS, columns_max=10))


def test_without_the_extra_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(FileProblemError, match=r"pip install 'prismd\[parquet\]'"):
        columnar_rows(io.BytesIO(b"PAR1"), "parquet", LIMITS)
