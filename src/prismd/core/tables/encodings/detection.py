"""Which encoding the bytes of a table have: proved, or asked with the readings of the real text."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from prismd.core.tables.encodings.plausible_text import Plausibility, plausibility
from prismd.core.tables.questions import Decision, Question, Reading
from prismd.core.tables.samples import Sample

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
#: Encodings of one byte or of East Asia, the more usual ones first.
_OTHERS: Final = (
    "cp1252", "iso8859-15", "cp1250", "iso8859-2", "cp1251", "cp1254", "cp1253", "iso8859-7", "cp1257", "cp1255",
    "cp1256", "cp874", "mac-roman", "cp850", "cp437", "cp852", "cp866", "koi8-r", "koi8-u", "iso8859-5",
    "mac-cyrillic", "mac-latin2", "cp857", "gb18030", "cp932", "euc_jp", "cp950", "cp949",
)  # fmt: skip
#: The first bytes of the marks of the big-endian ones.
_BIG_ENDIAN: Final = (b"\xfe", b"\0")
_EASTERN: Final = 5
_FLAG: Final = "--encoding"
_READINGS_MAX: Final = 4
_LETTERS_PROVE: Final = 3
#: So many characters of other scripts never happen to have the bytes of Korean syllables alone.
_HANGUL_PROVE: Final = 40
_SHOWN_CHARS: Final = 60
_TEXT_CHARS_MAX: Final = 200_000
_UNITS: Final = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4, "utf-16": 2, "utf-32": 4}
_BASIC: Final = frozenset("\t\n\r" + "".join(map(chr, range(0x20, 0x7F))))


@dataclass(frozen=True, slots=True)
class FoundEncoding:
    """The encoding of a table.

    Args:
        name: Its canonical name; where it is asked, the likeliest.
        decision: Its proof, where it is sure.
        question: The readings, where it is not.
        alike: Other encodings in which the samples are the same text.
    """

    name: str
    decision: Decision | None = None
    question: Question | None = None
    alike: tuple[str, ...] = ()


def encoding_of(samples: Sequence[Sample], answer: str | None = None) -> FoundEncoding:
    """Return the encoding of a table.

    Args:
        samples: Pieces of its bytes; the first begins the file.
        answer: The name that a person gave; it is taken without a look at the bytes.
    """
    if answer is not None:
        return _sure(codecs.lookup(answer).name, "given")
    first = samples[0].data
    for mark, name in _MARKS:
        if first.startswith(mark):
            if text_of(samples, name) is not None:
                return _sure(name, "the file begins with its byte order mark")
            # Two files may be joined here: nothing is proved then.
            rest = Sample(0, first[len(mark) :], samples[0].ends)
            return _other([rest, *samples[1:]], proves=False)
    if b"\0" in first and (wide := _wide(samples)):
        return wide
    return _by_bytes(samples)


def text_of(samples: Iterable[Sample], encoding: str) -> str | None:
    """Return the text of all samples, cut to whole lines, or None where a byte does not fit the encoding.

    Args:
        samples: Pieces of a file.
        encoding: The name of an encoding.
    """
    texts = []
    mark: str | None = None
    for sample in samples:
        name = mark or encoding
        try:
            texts.append(codecs.getincrementaldecoder(name)().decode(_whole(sample, name), final=sample.ends))
        except (UnicodeError, ValueError):
            return None
        if encoding in ("utf-16", "utf-32") and mark is None:
            mark = encoding + ("-be" if sample.data[:1] in _BIG_ENDIAN else "-le")
    return "".join(texts).removeprefix("\ufeff")


def _whole(sample: Sample, encoding: str) -> bytes:
    """Return the bytes of a sample from where a line surely begins, for encodings whose characters have many bytes."""
    data = sample.data
    if sample.start and encoding in _UNITS:
        return data[-sample.start % _UNITS[encoding] :]
    if sample.start:
        ends = [end for end in (data.find(b"\n"), data.find(b"\r")) if end >= 0]
        data = data[min(ends) + 1 :] if ends else b""
    return data


def _sure(name: str, evidence: str) -> FoundEncoding:
    return FoundEncoding(name, decision=Decision("encoding", None, name, evidence))


def _wide(samples: Sequence[Sample]) -> FoundEncoding | None:
    """Return UTF-16 or UTF-32 without a mark, by where its zero bytes stand."""
    fits = {}
    for name in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        text = text_of(samples, name)
        if text and "\0" not in text and ("\n" in text or "\r" in text or text.isprintable()):
            fits[name] = sum(char in _BASIC for char in text[:_TEXT_CHARS_MAX]) / len(text[:_TEXT_CHARS_MAX])
    best = sorted(fits, key=lambda name: -fits[name])
    if not best or fits[best[0]] == 0:
        return None
    if len(best) == 1 or fits[best[0]] > 2 * fits[best[1]]:
        return _sure(best[0], "every other byte is zero as in its plain letters, and it has no mark")
    return _asked([(name, text_of(samples, name) or "") for name in best])


def _by_bytes(samples: Sequence[Sample]) -> FoundEncoding:
    utf_8 = text_of(samples, "utf-8")
    if utf_8 is not None and utf_8.isascii():
        if "\x1b$" in utf_8 and text_of(samples, "iso2022_jp") is not None:
            return _sure("iso2022_jp", "its escape sequences switch to Japanese characters")
        return _sure("utf-8", "all bytes of the samples are ASCII")
    if utf_8 is not None:
        by_chance = _is_short(utf_8) and plausibility(utf_8, "utf-8").fault and _eastern(samples)
        if by_chance:
            return _asked([("utf-8", utf_8), *by_chance])
        return _sure("utf-8", f"all bytes fit UTF-8, such as {_shown(utf_8)!r}")
    return _other(samples)


def _is_short(text: str) -> bool:
    """Return whether so few characters lie beyond ASCII that bytes of another encoding may fit UTF-8 by chance."""
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return beyond < 2 * _LETTERS_PROVE and max(text) < "\u0800"


def _eastern(samples: Sequence[Sample]) -> list[tuple[str, str]]:
    """Return the readings in encodings of East Asia that somebody may write."""
    texts = [(name, text_of(samples, name)) for name in _OTHERS[-_EASTERN:]]
    return [(name, text) for name, text in texts if text and not plausibility(text, name).fault]


def _other(samples: Sequence[Sample], *, proves: bool = True) -> FoundEncoding:
    readings: dict[str, str] = {}
    alike: dict[str, list[str]] = {}
    for name in _OTHERS:
        text = text_of(samples, name)
        same = next((other for other, known in readings.items() if known == text), None)
        if text is not None and same is None:
            readings[name] = text
        elif same is not None:
            alike.setdefault(same, []).append(name)
    looks = {name: plausibility(_lines_beyond_ascii(text), name) for name, text in readings.items()}
    good = [name for name in readings if not looks[name].fault]
    chosen = _proved(good, looks) if proves else None
    if chosen is not None:
        return replace(_sure(chosen, _proof(chosen, readings, looks)), alike=tuple(alike.get(chosen, ())))
    likely = sorted(good, key=lambda name: looks[name].letters > 0 and not looks[name].languages) or [*readings]
    if len(likely) == 1:
        # Nothing else fits the bytes, but nobody writes what they give: ask against Latin-1, which any bytes fit.
        other = "iso8859-1" if likely != ["iso8859-1"] else "cp437"
        likely.append(other)
        readings[other] = text_of(samples, other) or ""
    return _asked([(name, readings[name]) for name in likely]) if likely else _unreadable(samples)


def _lines_beyond_ascii(text: str) -> str:
    """Return the lines of a text that have characters beyond ASCII, the first ones."""
    chosen, chars = [], 0
    for line in text[:_TEXT_CHARS_MAX].splitlines():
        if not line.isascii():
            chosen.append(line)
            chars += len(line)
        if chars > _TEXT_CHARS_MAX // 4:
            break
    return "\n".join(chosen)


def _proved(good: list[str], looks: dict[str, Plausibility]) -> str | None:
    if len(good) == 1:
        return good[0]
    if "cp949" in good and looks["cp949"].hangul >= _HANGUL_PROVE:
        return "cp949"
    known = [name for name in good if looks[name].known]
    if len(known) == 1:
        return known[0]
    explained = [name for name in good if looks[name].languages]
    if len(explained) == 1 and looks[explained[0]].letters >= _LETTERS_PROVE:
        return explained[0]
    return None


def _proof(chosen: str, readings: dict[str, str], looks: dict[str, Plausibility]) -> str:
    shown = f"{_shown(readings[chosen])!r}"
    other = next((name for name in readings if name != chosen and looks[name].fault), None)
    languages = " or ".join(sorted(looks[chosen].languages)[:2])
    reads = f"{shown} reads as {languages}" if languages else f"{shown} is text"
    return f"{reads}; as {other}, {looks[other].fault}" if other else reads


def _asked(readings: list[tuple[str, str]]) -> FoundEncoding:
    readings = readings[:_READINGS_MAX]
    line = _difference([text for _, text in readings])
    question = Question(
        "encoding", None, tuple(Reading(name, name.upper(), _at(text, line)) for name, text in readings), _FLAG
    )
    return FoundEncoding(readings[0][0], question=question)


def _unreadable(samples: Sequence[Sample]) -> FoundEncoding:
    texts = [(name, text_of(samples, name) or "") for name in ("iso8859-1", "cp437")]
    return _asked(texts)


def _difference(texts: list[str]) -> int:
    """Return the number of the first line in which texts differ, from 0."""
    lines = [text[:_TEXT_CHARS_MAX].splitlines() for text in texts]
    for number, row in enumerate(zip(*lines, strict=False)):
        if len(set(row)) > 1:
            return number
    return 0


def _at(text: str, line: int) -> str:
    lines = text[:_TEXT_CHARS_MAX].splitlines() or [""]
    return f"line {line + 1}: {_around(lines[min(line, len(lines) - 1)])}"


def _shown(text: str) -> str:
    line = next((line for line in text[:_TEXT_CHARS_MAX].splitlines() if not line.isascii()), text[:_SHOWN_CHARS])
    return _around(line)


def _around(line: str) -> str:
    """Return the part of a line around its first character beyond ASCII."""
    at = next((position for position, char in enumerate(line) if not char.isascii()), 0)
    begins = max(0, at - _SHOWN_CHARS // 2)
    return line[begins : begins + _SHOWN_CHARS].strip()
