"""The version: it stands in one place, and the changelog tells of it."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_changelog_tells_of_this_version_and_its_day() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = [heading for heading in headings if heading != "Unreleased"]
    assert len(headings) - len(released) <= 1
    version, _, day = released[0].partition(", ")
    assert version == VERSION
    date.fromisoformat(day)


def test_the_version_stands_nowhere_else() -> None:
    written = re.compile(rf"(?<![\d.]){re.escape(VERSION)}(?![\d.])")
    sources = [path for path in (ROOT / "src").rglob("*.py") if written.search(path.read_text())]
    pages = [path for path in (ROOT / "docs").rglob("*.md") if written.search(path.read_text())]
    assert sources + pages == []
