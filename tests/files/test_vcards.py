"""vCards of three versions become rows with the columns that exports of contacts have."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.files.limits import LIMITS
from prismd.files.rows import FileProblemError
from prismd.files.vcards import VcardTable, is_vcard


def table(*lines: str, encoding: str = "utf-8", cut: int = 7) -> tuple[list[dict[str, object]], VcardTable]:
    data = "\r\n".join(lines).encode(encoding)
    read = VcardTable(encoding)
    rows = list(read.rows(iter([data[at : at + cut] for at in range(0, len(data), cut)])))
    names = list(read.columns)
    return [{names[at]: cell for at, cell in enumerate(row.cells) if cell is not None} for row in rows], read


def card(*lines: str, **how: str) -> dict[str, object]:
    rows, _ = table("BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD", **how)  # type: ignore[arg-type]
    return rows[0]


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        (["N:Doe;Jane;Mary Ann;Dr.;Jr."], {"Last Name": "Doe", "First Name": "Jane", "Middle Name": "Mary Ann", "Name Prefix": "Dr.", "Name Suffix": "Jr."}),  # noqa: E501 - one card
        (["FN:A\\, B\\; C\\nD\\\\E"], {"Full Name": "A, B; C\nD\\E"}),
        (["EMAIL;TYPE=INTERNET,WORK:a@b.c"], {"E-mail 1 - Label": "work", "E-mail 1 - Value": "a@b.c"}),
        (["EMAIL:a@b.c", "EMAIL:d@e.f"], {"E-mail 1 - Value": "a@b.c", "E-mail 2 - Value": "d@e.f"}),
        (['TEL;VALUE=uri;TYPE="voice,cell":tel:+1-555'], {"Phone 1 - Label": "cell", "Phone 1 - Value": "+1-555"}),
        (["item1.TEL:1", "item1.X-ABLabel:_$!<Mobile>!$_"], {"Phone 1 - Label": "Mobile", "Phone 1 - Value": "1"}),
        (["ADR;HOME:;;1 St;Town;CA;1;US"], {"Address 1 - Label": "home", "Address 1 - Street": "1 St", "Address 1 - City": "Town", "Address 1 - Region": "CA", "Address 1 - Postal Code": "1", "Address 1 - Country": "US"}),  # noqa: E501 - one card
        (["ORG:Acme\\, Inc.;R&D"], {"Organization Name": "Acme, Inc.", "Organization Department": "R&D"}),
        (["BDAY:19850412"], {"Birthday": "1985-04-12"}),
        (["BDAY:--0412"], {"Birthday": "--0412"}),
        (["CATEGORIES:a,b\\,c"], {"Labels": "a;b,c"}),
        (["NOTE:long", "  line"], {"Notes": "long line"}),
        (["X-SKYPE;TYPE=x:jane", "X-SKYPE:joe"], {"X-SKYPE": "jane", "X-SKYPE 2": "joe"}),
        (["FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:J=F6rg =", "M=FCller"], {"Full Name": "Jörg Müller"}),
        (["TEL;CELL;VOICE:1"], {"Phone 1 - Label": "cell", "Phone 1 - Value": "1"}),
        (["FN:  "], {}),
    ],
)  # fmt: skip
def test_a_property_becomes_columns(lines: list[str], values: dict[str, object]) -> None:
    assert card(*lines) == values


def test_what_no_cell_can_hold_is_counted() -> None:
    rows, read = table(
        "BEGIN:VCARD", "FN:A", "PHOTO;ENCODING=b:AAAA", " AAAA", "LOGO:data:image/png;base64,AA", "END:VCARD"
    )
    assert rows == [{"Full Name": "A"}]
    assert list(read.sentences()) == [
        "PHOTO: 1 left out, because no cell can hold it.",
        "LOGO: 1 left out, because no cell can hold it.",
    ]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["name,email"], "line 1: expected BEGIN:VCARD"),
        (["BEGIN:VCARD", "FN:A"], "no END:VCARD"),
        (["BEGIN:VCARD", "nothing", "END:VCARD"], "line 2: expected a property"),
        (["BEGIN:VCARD", "AGENT:BEGIN:VCARD", "END:VCARD"], "a card inside a card"),
        (["BEGIN:VCARD", "FN;CHARSET=klingon:A", "END:VCARD"], "line 2: there is no encoding 'klingon'"),
        (["BEGIN:VCARD", "FN;CHARSET=a\0:A", "END:VCARD"], "line 2: there is no encoding"),
        (["BEGIN:VCARD", "FN;CHARSET=undefined:A", "END:VCARD"], "line 2: there is no encoding 'undefined'"),
        (["BEGIN:VCARD", "FN;CHARSET=unicode_escape:A", "END:VCARD"], "line 2: there is no encoding 'unicode_escape'"),
    ],
)
def test_what_is_no_file_of_cards_is_refused(lines: list[str], why: str) -> None:
    with pytest.raises(FileProblemError, match=why):
        table(*lines)


def test_bytes_of_another_encoding_are_refused_and_read_when_it_is_named() -> None:
    data = "BEGIN:VCARD\nFN:Jörg\nEND:VCARD".encode("cp1252")
    with pytest.raises(FileProblemError, match="line 2: 0xF6 is not UTF-8; name the encoding"):
        list(VcardTable().rows(iter([data])))
    assert [row.cells for row in VcardTable("cp1252").rows(iter([data]))] == [["Jörg"]]


def test_columns_and_cells_are_bounded() -> None:
    read = VcardTable(limits=msgspec.structs.replace(LIMITS, columns_max=3, cell_chars_max=100))
    with pytest.raises(FileProblemError, match="more than 3 different columns"):
        list(read.rows(iter([b"BEGIN:VCARD\nX-A:1\nX-B:1\nX-C:1\nX-D:1\nEND:VCARD"])))
    with pytest.raises(FileProblemError, match="more than 100 characters"):
        list(read.rows(iter([b"BEGIN:VCARD\nX-A:" + b"1" * 101 + b"\nEND:VCARD"])))
    with pytest.raises(FileProblemError, match="EMAIL more than 1,000 times"):
        list(VcardTable().rows(iter([b"BEGIN:VCARD\n" + b"EMAIL:a@b.c\n" * 1_001 + b"END:VCARD"])))


@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc"])), fold=st.integers(1, 30))
def test_escaped_and_folded_text_comes_back(value: str, fold: int) -> None:
    written = value.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    line = f"NOTE:{written}"
    folded = [line[: 5 + fold], *(f" {line[at : at + fold]}" for at in range(5 + fold, len(line), fold))]
    assert card(*folded) == ({"Notes": value} if value.strip() else {})


def test_a_file_is_recognised_by_its_first_line() -> None:
    assert is_vcard(b"\xef\xbb\xbf\r\nbegin:vcard\r\n")
    assert not is_vcard(b"BEGIN:VCALENDAR\r\n")
