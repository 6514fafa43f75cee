"""Other programs that find out how a file is written, where they are installed: each is told the encoding."""

from __future__ import annotations

import csv
import importlib
import importlib.util
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.files.corpus.judging import FAILED, Judgement, compared_texts
from tests.files.corpus.writing import MadeFile

Reader = Callable[[MadeFile], Judgement]


def by_sniffer(file: MadeFile) -> Judgement:
    """Read a file by Python's own csv.Sniffer."""
    text = _text(file)
    try:
        dialect = csv.Sniffer().sniff(text)
        return compared_texts(file, list(csv.reader(io.StringIO(text, newline=""), dialect)))
    except csv.Error as error:
        return Judgement(FAILED, str(error))


def by_clevercsv(file: MadeFile) -> Judgement:
    """Read a file by CleverCSV."""
    clevercsv = importlib.import_module("clevercsv")
    text = _text(file)
    try:
        dialect = clevercsv.Sniffer().sniff(text)
        if dialect is None:
            return Judgement(FAILED, "no dialect")
        return compared_texts(file, list(clevercsv.reader(io.StringIO(text, newline=""), dialect)))
    except Exception as error:  # noqa: BLE001 - whatever another program raises is its failure
        return Judgement(FAILED, str(error))


def by_duckdb(file: MadeFile) -> Judgement:
    """Read a file by DuckDB, all columns as text."""
    duckdb = importlib.import_module("duckdb")
    with tempfile.NamedTemporaryFile(suffix=".csv") as named:
        Path(named.name).write_bytes(_text(file).encode())
        try:
            found = duckdb.sql(f"select * from read_csv('{named.name}', all_varchar = true)")
            rows = [["" if cell is None else cell for cell in row] for row in found.fetchall()]
            names = [] if found.columns[0] in ("column0", "column00") else [found.columns]
            return compared_texts(file, [*names, *rows])
        except Exception as error:  # noqa: BLE001 - as above
            return Judgement(FAILED, str(error))


def peers() -> dict[str, Reader]:
    """Return the programs that are installed."""
    others = (("CleverCSV", "clevercsv", by_clevercsv), ("DuckDB", "duckdb", by_duckdb))
    installed = {name: reader for name, module, reader in others if importlib.util.find_spec(module)}
    return {"csv.Sniffer": by_sniffer, **installed}


def _text(file: MadeFile) -> str:
    return file.data.decode(file.encoding).removeprefix("\ufeff")
