"""The example of the page about mappings does what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from prismd.core.mapping.document import MappingDocument, read_document
from prismd.core.mapping.rows import RowMapping
from prismd.core.mapping.steps import Step
from prismd.core.mapping.targets import targets_of
from prismd.core.properties.native import native_schema

PAGE = (Path(__file__).parents[3] / "docs" / "mapping.md").read_text(encoding="utf-8")


def example() -> tuple[list[list[str]], MappingDocument, Any]:
    document, row = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")][:3]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return table, read_document(document.encode()), json.loads(row)


def test_the_example_makes_the_row_of_the_page() -> None:
    (header, first, second), document, expected = example()
    mapping = RowMapping(document, header, targets_of(native_schema("identity")), "identity")
    made = mapping.row(first)
    assert isinstance(made, bytes)
    assert json.loads(made) == expected
    assert isinstance(mapping.row(second), bytes)
    assert [column.name for column in mapping.left_out] == ["Notes"]


def test_every_step_and_member_is_on_the_page() -> None:
    for step in Step.__args__:
        assert f"| `{step.__struct_config__.tag}` |" in PAGE
    for member in MappingDocument.__struct_encode_fields__:
        assert f"| `{member}` |" in PAGE
