"""vCards 2.1, 3.0 and 4.0 as a table: a row for each card, and columns with the names that exports of contacts use.

The columns of addresses, telephone numbers and the like are numbered and have a label, as in the export of Google
Contacts, so that a mapping knows them. What a cell cannot hold, such as a photo, is left out and counted.
"""

from __future__ import annotations

import quopri
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from prismd.core.tables.cells import Cell, TableRow
from prismd.files.decoding import canonical_encoding
from prismd.files.limits import LIMITS, FileLimits
from prismd.files.rows import FileProblemError

#: The parts of properties that have several, in the order of the standard; None for a part that has no column.
_NAME: Final = ("Last Name", "First Name", "Middle Name", "Name Prefix", "Name Suffix")
_PLACE: Final = ("PO Box", "Extended Address", "Street", "City", "Region", "Postal Code", "Country")
#: Properties that a card may have several times, with a kind each.
_NUMBERED: Final = {"EMAIL": "E-mail", "TEL": "Phone", "URL": "Website", "IMPP": "IM", "ADR": "Address"}
_SINGLE: Final = {
    "FN": "Full Name", "NICKNAME": "Nickname", "TITLE": "Organization Title", "ROLE": "Role", "BDAY": "Birthday",
    "ANNIVERSARY": "Anniversary", "NOTE": "Notes", "CATEGORIES": "Labels", "GENDER": "Gender", "LANG": "Language",
}  # fmt: skip
_UNUSED: Final = ("VERSION", "PRODID", "X-ABLABEL", "BEGIN", "END")
_BINARY: Final = ("PHOTO", "LOGO", "SOUND", "KEY")
#: Kinds that say how a value is written, and not what it is for.
_NO_LABELS: Final = ("internet", "pref", "voice", "uri", "text", "x400", "postal", "parcel", "dom", "intl")
_LINE: Final = re.compile(rb"(?:(?P<group>[A-Za-z0-9-]+)\.)?(?P<name>[A-Za-z0-9-]+)(?P<rest>[;:].*)", re.DOTALL)
_PARAMETER: Final = re.compile(rb';\s*(?:([A-Za-z0-9-]+)\s*=\s*)?((?:"[^"]*"|[^";:])*)', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_APPLE: Final = re.compile(r"_\$!<(.*)>!\$_")
_BASIC_DAY: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_LINE_BYTES_MAX: Final = 16 * 2**20
_TIMES_MAX: Final = 1_000


@dataclass(slots=True)
class VcardTable:
    """Reads cards, and collects their columns on the way.

    Args:
        encoding: The encoding of values that do not name their own.
        limits: What it may cost.
        columns: The columns that were met, by name, with their position.
        left_out: How often a property was left out, because no cell can hold it.
    """

    encoding: str = "utf-8"
    limits: FileLimits = LIMITS
    columns: dict[str, int] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def rows(self, chunks: Iterator[bytes]) -> Iterator[TableRow]:
        """Yield a row for each card.

        Args:
            chunks: The bytes of the file, cut anywhere.

        Raises:
            FileProblemError: It is no file of vCards, is cut off, or a value does not fit its encoding.
        """
        card: _Card | None = None
        deep = 0
        for number, line in _lines(chunks):
            word = line.strip().upper()
            if word == b"BEGIN:VCARD":
                deep += 1
                card = _Card(number) if deep == 1 else card
                if deep > 1:
                    self.left_out["a card inside a card"] += 1
            elif word == b"END:VCARD" and card is not None:
                deep -= 1
                if not deep:
                    yield TableRow(card.line, self._cells(card))
                    card = None
            elif card is None and word:
                raise FileProblemError(
                    f"line {number}: expected BEGIN:VCARD, found {_shown(line)}; is this a file of vCards?"
                )
            elif card is not None and deep == 1 and word:
                self._take(card, number, line)
        if card is not None:
            raise FileProblemError(f"the card that begins in line {card.line} has no END:VCARD; the file is cut off")

    def sentences(self) -> Iterator[str]:
        """Yield what people should know."""
        for what, count in self.left_out.most_common():
            yield f"{what}: {count:,} left out, because no cell can hold it."

    def _take(self, card: _Card, number: int, line: bytes) -> None:
        found = _LINE.fullmatch(line)
        if not found:
            raise FileProblemError(
                f"line {number}: expected a property such as EMAIL:ada@example.org, found {_shown(line)}"
            )
        name = found["name"].decode().upper()
        parameters, raw = _parameters(found["rest"])
        group = (found["group"] or b"").decode()
        if name == "AGENT" and raw.strip().upper() == b"BEGIN:VCARD":
            raise FileProblemError(f"line {number}: a card inside a card (AGENT) cannot be read; take it out")
        if _is_binary(name, parameters, raw):
            self.left_out[name] += 1
            return
        text = self._text(number, raw, parameters)
        if name == "X-ABLABEL":
            apple = _APPLE.fullmatch(text.strip())
            card.group_labels[group] = _plain(apple[1] if apple else text)
        elif name not in _UNUSED:
            card.properties.append(_Property(name, group, parameters, text))

    def _text(self, number: int, raw: bytes, parameters: Mapping[str, Sequence[str]]) -> str:
        if "quoted-printable" in (value.lower() for value in parameters.get("ENCODING", ())):
            raw = quopri.decodestring(raw)
        encoding = next(iter(parameters.get("CHARSET", ())), self.encoding)
        try:
            text = raw.decode(canonical_encoding(encoding))
        except UnicodeDecodeError as error:
            raise FileProblemError(
                f"line {number}: 0x{raw[error.start]:02X} is not {encoding.upper()}; name the encoding of the file "
                "with --encoding, such as cp1252"
            ) from None
        except FileProblemError as error:
            raise FileProblemError(f"line {number}: {error}") from None
        if len(text) > self.limits.cell_chars_max:
            raise FileProblemError(f"line {number}: a value has more than {self.limits.cell_chars_max:,} characters")
        return text

    def _cells(self, card: _Card) -> list[Cell]:
        values = dict(card.values())
        for name in values:
            if name not in self.columns:
                if len(self.columns) >= self.limits.columns_max:
                    raise FileProblemError(f"the cards have more than {self.limits.columns_max:,} different columns")
                self.columns[name] = len(self.columns)
        cells: list[Cell] = [None] * (max((self.columns[name] for name in values), default=-1) + 1)
        for name, value in values.items():
            cells[self.columns[name]] = value
        return cells


@dataclass(frozen=True, slots=True)
class _Property:
    """One property of a card, its text still escaped."""

    name: str
    group: str
    parameters: Mapping[str, Sequence[str]]
    text: str


@dataclass(slots=True)
class _Card:
    """One card: its first line, properties, and the labels of its groups."""

    line: int
    properties: list[_Property] = field(default_factory=list)
    group_labels: dict[str, str] = field(default_factory=dict)

    def values(self) -> Iterator[tuple[str, str]]:
        """Yield the columns of the card with their texts, empty ones left out."""
        counts: Counter[str] = Counter()
        for found in self.properties:
            for column, text in self._of(found, counts):
                if text.strip():
                    yield column, text

    def _of(self, found: _Property, counts: Counter[str]) -> Iterator[tuple[str, str]]:
        name = found.name
        counts[name] += 1
        if counts[name] > _TIMES_MAX:
            raise FileProblemError(f"the card of line {self.line} has {name} more than {_TIMES_MAX:,} times")
        again = "" if counts[name] == 1 else f" {counts[name]}"
        if name == "N":
            for column, part in zip(_NAME, _parts(found.text), strict=False):
                yield f"{column}{again}", part.replace(",", " ") if "\\," not in part else part
        elif name == "ORG":
            company, *departments = _parts(found.text) or [""]
            yield f"Organization Name{again}", company
            yield f"Organization Department{again}", ", ".join(filter(None, departments))
        elif name in _NUMBERED:
            yield from self._numbered(found, f"{_NUMBERED[name]} {counts[name]}")
        elif name == "CATEGORIES":
            yield f"{_SINGLE[name]}{again}", ";".join(_cut(found.text, ","))
        else:
            yield f"{_SINGLE.get(name, name)}{again}", _day(name, _plain(found.text))

    def _numbered(self, found: _Property, column: str) -> Iterator[tuple[str, str]]:
        yield f"{column} - Label", self.group_labels.get(found.group) or _label(found.parameters)
        if found.name == "ADR":
            for part, text in zip(_PLACE, _parts(found.text), strict=False):
                yield f"{column} - {part}", text
        else:
            yield f"{column} - Value", re.sub("^(?:tel|mailto):", "", _plain(found.text), flags=re.IGNORECASE)


def is_vcard(beginning: bytes) -> bool:
    """Return whether a file begins as one of vCards does.

    Args:
        beginning: Its first bytes.
    """
    return beginning.removeprefix(b"\xef\xbb\xbf").lstrip()[:11].upper() == b"BEGIN:VCARD"


def _lines(chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield logical lines, with the number of their first line; folded and quoted-printable lines are joined."""
    number = begins = 0
    held = bytearray()
    soft = False
    for number, line in enumerate(_raw_lines(chunks), 1):
        if held and soft:
            del held[-1:]
            held += line
        elif held and line[:1] in (b" ", b"\t"):
            held += line[1:]
        else:
            if held:
                yield begins, bytes(held)
            held, begins = bytearray(line), number
        soft = held.endswith(b"=") and b"QUOTED-PRINTABLE" in held.partition(b":")[0].upper()
        if len(held) > _LINE_BYTES_MAX:
            raise FileProblemError(f"line {begins} has more than {_LINE_BYTES_MAX:,} bytes")
    if held:
        yield begins, bytes(held)


def _raw_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest, first = b"", True
    for chunk in chunks:
        found = chunk.removeprefix(b"\xef\xbb\xbf") if first else chunk
        first = False
        rest += found
        *lines, rest = rest.split(b"\n")
        if len(rest) > _LINE_BYTES_MAX:
            raise FileProblemError(f"a line has more than {_LINE_BYTES_MAX:,} bytes; is this a file of vCards?")
        yield from (line.rstrip(b"\r") for line in lines)
    if rest:
        yield rest.rstrip(b"\r")


def _parameters(rest: bytes) -> tuple[dict[str, list[str]], bytes]:
    """Return the parameters before a value by name in capitals, and the value."""
    found: dict[str, list[str]] = {}
    at = 0
    while rest[at : at + 1] == b";":
        one = _PARAMETER.match(rest, at)
        assert one  # noqa: S101 - the pattern matches any text after a semicolon
        # vCard 2.1 writes a kind or an encoding without the name of its parameter.
        value = one[2].decode(errors="replace").strip()
        name = one[1].decode().upper() if one[1] else _bare_name(value)
        found.setdefault(name, []).extend(part.strip() for part in value.strip('"').split(","))
        at = one.end()
    return found, rest[at:].removeprefix(b":")


def _bare_name(value: str) -> str:
    return "ENCODING" if value.lower() in ("quoted-printable", "base64", "b", "8bit", "7bit") else "TYPE"


def _is_binary(name: str, parameters: Mapping[str, Sequence[str]], raw: bytes) -> bool:
    encodings = {value.lower() for value in parameters.get("ENCODING", ())}
    return bool(encodings & {"b", "base64"}) or (name in _BINARY and raw[:5].lower() == b"data:")


def _label(parameters: Mapping[str, Sequence[str]]) -> str:
    kinds = (kind for kind in parameters.get("TYPE", ()) if kind.lower() not in _NO_LABELS)
    return ", ".join(dict.fromkeys(kind.lower() for kind in kinds))


def _parts(text: str) -> list[str]:
    return _cut(text, ";")


def _cut(text: str, sign: str) -> list[str]:
    """Return the parts of a text between signs that are not escaped."""
    parts, held, escaped = list[str](), list[str](), False
    for char in text:
        if char == sign and not escaped:
            parts.append("".join(held))
            held = []
        else:
            held.append(char)
        escaped = char == "\\" and not escaped
    parts.append("".join(held))
    return [_plain(part).strip() for part in parts]


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)


def _shown(line: bytes) -> str:
    return repr(line[:30].decode(errors="replace"))


def _day(name: str, text: str) -> str:
    found = _BASIC_DAY.fullmatch(text.strip()) if name in ("BDAY", "ANNIVERSARY") else None
    return "-".join(found.groups()) if found else text
