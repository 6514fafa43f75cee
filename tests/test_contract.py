"""Whatever cites a section, a decision or a fact of the contract finds it in docs/contract.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/contract.md"

#: "contract, section 9.1", "contract, sections 9 to 12, and 21", "contract, 19.4, 67", "contract (section 10.9)".
_NUMBER = r"\d+(?:\.\d+)?"
_JOINT = r"(?:\s*,\s*(?:and\s+)?|\s+(?:and|to)\s+)"
_WORD = r"(?:(?:decisions?|facts?)\s+)?"
CITATION = re.compile(
    rf"\bcontract(?:,\s*|\s+\(|,?\s+(?=sections?\s))((?:sections?\s+)?{_WORD}{_NUMBER}(?:{_JOINT}{_WORD}{_NUMBER})*)",
    re.IGNORECASE,
)
FACT = re.compile(r"\bfacts?\s+(\d{3}(?:(?:,\s*|\s+and\s+|\s+to\s+)\d{3})*)")


def known() -> dict[str, set[str]]:
    """Return the sections of the page, each with the numbers of its table."""
    found: dict[str, set[str]] = {}
    section = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"#{2,3} (\d+(?:\.\d+)?) ", line):
            section = heading[1]
            found[section] = set()
        elif section and (row := re.match(r"\| (\d+) \|", line)):
            found[section].add(row[1])
    return found


def missing(text: str, sections: dict[str, set[str]]) -> list[str]:
    """Return what a text cites of the contract, and the contract does not have."""
    plain = re.sub(r"\s+(?:#:?\s+)?", " ", text)
    cited = [place for found in CITATION.finditer(plain) for place in _places(found[1], sections)]
    cited += [("23", number) for found in FACT.finditer(plain) for number in re.findall(r"\d+", found[1])]
    return [
        f"{section}, {number}" if number else section
        for section, number in cited
        if section not in sections or (number and number not in sections[section])
    ]


def _places(citation: str, sections: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    # Of one section the numbers after it are those of its table; of several sections, those that no section can have.
    section, of_one, before = "", not citation.startswith("sections"), ""
    for joint, word, number in re.findall(rf"(\bto\b)?\s*(decisions?|facts?)?\s*({_NUMBER})", citation):
        in_table = bool(section and sections.get(section) and "." not in number) and (of_one or int(number) > 23)
        if word or in_table:
            of_one = True
            yield section, number
            continue
        if joint:
            yield from ((str(between), "") for between in range(int(before), int(number)))
        section = before = number
        yield section, ""


def sources() -> list[Path]:
    folders = ("src", "tests", "docs", "demo", "bench", "chaos")
    found = [path for folder in folders for kind in ("py", "md") for path in (ROOT / folder).rglob(f"*.{kind}")]
    return sorted({*found, *ROOT.glob("*.md")} - {PAGE, Path(__file__)})


def test_every_citation_leads_somewhere() -> None:
    sections = known()
    lost = {str(path.relative_to(ROOT)): missing(path.read_text(encoding="utf-8"), sections) for path in sources()}
    assert {path: places for path, places in lost.items() if places} == {}


def test_citations_are_found_at_all() -> None:
    texts = [re.sub(r"\s+", " ", path.read_text(encoding="utf-8")) for path in sources()]
    assert sum(len(CITATION.findall(text)) for text in texts) > 120
    # Nothing says "contract" and "section" in one breath without being understood.
    unread = [
        breath
        for text in texts
        for breath in re.findall(r"contract\W{1,3}sections?\b.{0,30}", text, re.IGNORECASE)
        if not CITATION.match(breath)
    ]
    assert unread == []


def test_all_sections_decisions_and_facts_are_there() -> None:
    sections = known()
    assert {str(number) for number in range(1, 24)} <= set(sections)
    assert set().union(*(sections[f"19.{part}"] for part in range(1, 6))) == {str(number) for number in range(1, 83)}
    assert sections["21"] == {"4", "13", "20", "22", "23", "33", "34", "42", "47", "49", "55", "57", "60", "68"}
    assert sections["23"] == {str(number) for number in range(101, 127)}


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("(contract, section 9.1)", []),
        ("(contract, section 9.9)", ["9.9"]),
        ("(contract, sections 8, 9.4 and 24)", ["24"]),
        ("(contract, sections 9 to 12)", []),
        ("(contract, sections 22 to 25)", ["24", "25"]),
        ("(contract, sections 10.3,\n    19.3, 22)", []),
        ("(contract, section 19.4, 63)", []),
        ("(contract, section 19.4, 6 and 64)", ["19.4, 6"]),
        ("(contract, sections 9.1 and 21, 68)", []),
        ("(contract, sections 9.1 and 21, 69)", ["21, 69"]),
        ("(contract, section 21, decisions 47 and\n# 61)", ["21, 61"]),
        ("(contract, 19.4, 67)", []),
        ("(contract, 11, 13, 14, 26)", ["26"]),
        ("of the contract (section 10.99)", ["10.99"]),
        ("(contract, section 23, fact 127)", ["23, 127", "23, 127"]),
        ("see facts 101 and 130", ["23, 130"]),
        ("(contract, section 5; RFC 9110, 13.1.1)", []),
    ],
)
def test_what_a_text_cites_is_looked_for(text: str, lost: list[str]) -> None:
    assert missing(text, known()) == lost
