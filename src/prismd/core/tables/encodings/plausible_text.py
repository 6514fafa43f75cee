"""Whether a decoded text can be what somebody wrote: bytes of another encoding give text that nobody writes."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Final

from prismd.core.tables.encodings.alphabets import FREQUENT, HAS_VOWEL, languages_of
from prismd.core.tables.encodings.known_words import KNOWN_WORDS

_WORDS_MAX: Final = 2_000
_WORD: Final = re.compile(r"[^\W\d_]*(?:[^\W\d_\x00-\x7f])[^\W\d_]*")
#: Anything beyond ASCII that is no letter of a word.
_SIGN: Final = re.compile("(?:[^\\w\x00-\x7f]|[\u00ba\u00aa²³¹¼½¾]|(?![0-9])\\d)")
#: Anything beyond ASCII but a blank or a dash between two digits; East Asia writes units there.
_IN_NUMBER: Final = re.compile(
    "[0-9][^\\x00-\\x7f\u00a0\u2009\u202f\u2007\u2013\u2014\u2011\u2212×·\u2019\u3000-\uffff][0-9]"
)
_PRICE: Final = re.compile("[0-9][ \u00a0]?[€£¥](?![^\\W\\d_])|(?<![^\\W\\d_])[€£¥] ?[0-9]")
_STRANGE_CATEGORIES: Final = frozenset({"Cc", "Cn", "Co", "Cs"})
_ALONE: Final = "º\u00aa"
#: Signs that stand between two letters, after a letter, and before one.
_BETWEEN: Final = "\u2019\u2018\u2013\u2014·\u00ad\u00a0\u2011\u200d\u200c"
_AFTER: Final = _BETWEEN + "\u201c\u201d»›…®™©\u3000"
_BEFORE: Final = _BETWEEN + "\u201c\u201d\u201e«‹‚¿¡€£$•©§\u3000\ufeff"
_SEEN_ALONE: Final = frozenset(_AFTER + _BEFORE + "°²³½¼¾×±µ¥†₂•₽₴₹№\u202f\u2009\u200b\u2026\u2032\u2033")
#: Marks on Latin letters, and the signs of East Asia, which stand anywhere.
_MARKS_OF_ANY: Final = frozenset(map(chr, [*range(0x300, 0x370), *range(0x3000, 0x3040), *range(0xFF00, 0xFFF0)])) | {
    *"·…—“”‘’・ー"
}
_DRAWN: Final = range(0x2200, 0x2600)
_HAN: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_KANA: Final = re.compile("[\u3041-\u30fe]")
_HANGUL: Final = re.compile("[\uac00-\ud7a3]")
_EASTERN: Final = re.compile("[\u3041-\u30fe\u3400-\u9fff\uf900-\ufaff\uac00-\ud7a3]")
_HALF_KANA: Final = re.compile("[\uff61-\uff9f]")
_ISOLATED: Final = re.compile(f"(?<!{_EASTERN.pattern}){_EASTERN.pattern}(?!{_EASTERN.pattern})")
#: How many letters a statement about their frequency needs.
_LETTERS_MIN: Final = 30
_FREQUENT_SHARE: Final = 0.52
_COMMON_SHARE: Final = 0.8
_VOWEL_WORD_CHARS: Final = 4
#: Character sets, and the first bytes of the characters that are in daily use.
_DAILY: Final = {
    "gb18030": ("gb2312", range(0xB0, 0xD8)),
    "cp950": ("big5", range(0xA4, 0xC7)),
    "cp932": ("euc_jp", range(0xB0, 0xD0)),
    "euc_jp": ("euc_jp", range(0xB0, 0xD0)),
}


@dataclass(frozen=True, slots=True)
class Plausibility:
    """How well a text fits what people write.

    Args:
        fault: Why nobody writes this text, with the place; "" where somebody may.
        languages: The languages that explain every word with letters beyond ASCII.
        letters: How many different letters beyond ASCII the text has.
        hangul: How many Korean syllables it has.
        known: How many different words with letters beyond ASCII it has that are known; prices count as one.
    """

    fault: str
    languages: frozenset[str]
    letters: int
    hangul: int = 0
    known: int = 0


def plausibility(text: str, encoding: str) -> Plausibility:
    """Return how well a decoded text fits what people write.

    Args:
        text: A text with characters beyond ASCII.
        encoding: The encoding by which it was decoded.
    """
    words = Counter[str]()
    for found in _WORD.finditer(text):
        words[found[0]] += 1
        if len(words) >= _WORDS_MAX:
            break
    fault = _sign_fault(text) or _digit_fault(text) or (_eastern_fault(text, encoding) if _EASTERN.search(text) else "")
    explained: frozenset[str] | None = None
    for word in words:
        fault = fault or _word_fault(word)
        if fault:
            break
        if not _EASTERN.search(word):
            found_in = _languages(word)
            fault = "" if found_in else f"no language writes {word!r}"
            explained = found_in if explained is None else explained & found_in
    letters = {letter.lower() for word in words for letter in word if not letter.isascii()}
    languages = frozenset[str]() if fault else explained or frozenset()
    hangul = len(_HANGUL.findall(text))
    known = sum(word.casefold() in KNOWN_WORDS for word in words) + (_PRICE.search(text) is not None)
    return Plausibility(fault or _frequency_fault(words, languages), languages, len(letters), hangul, known)


def _languages(word: str) -> frozenset[str]:
    lower = word.replace("İ", "i").lower()
    if len(lower) >= _VOWEL_WORD_CHARS and not HAS_VOWEL.search(lower):
        return frozenset()
    return languages_of(lower)


def _sign_fault(text: str) -> str:
    for found in _SIGN.finditer(text):
        position, char = found.start(), found[0]
        before, after = text[position - 1 : position], text[position + 1 : position + 2]
        if unicodedata.category(char) in _STRANGE_CATEGORIES or ord(char) in _DRAWN:
            return f"{char!r} is no character of a table"
        if char in _ALONE:
            if after.isalpha() or not (before.isalnum() or before == "."):
                return f"{char!r} stands in {text[max(0, position - 8) : position + 8]!r}"
            continue
        if unicodedata.combining(char) or _is_eastern_sign(char):
            if char not in _MARKS_OF_ANY and before.isascii():
                return f"{char!r} stands on {before!r}"
            continue
        wrong = _wrong_beside(char, before.isalpha(), after.isalpha())
        if wrong or (char not in _SEEN_ALONE and not _EASTERN.search(text)):
            return f"{char!r} stands in {text[max(0, position - 8) : position + 8]!r}"
    return ""


def _digit_fault(text: str) -> str:
    found = _IN_NUMBER.search(text)
    return f"{found[0]!r} stands in a number" if found else ""


def _is_eastern_sign(char: str) -> bool:
    return "\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uffef" or char in "·…—“”‘’・ー"


def _wrong_beside(char: str, after_letter: bool, before_letter: bool) -> bool:  # noqa: FBT001 - both are looks around
    if after_letter and before_letter:
        return char not in _BETWEEN
    return (after_letter and char not in _AFTER + "²³°") or (before_letter and char not in _BEFORE + "µ")


def _word_fault(word: str) -> str:
    scripts = {_script(letter) for letter in word}
    if len(scripts) > 1 and not scripts <= {"HAN", "KANA", "LATIN"} and not scripts <= {"HANGUL", "LATIN"}:
        return f"{word!r} mixes {' and '.join(sorted(scripts))}"
    for before, letter in itertools.pairwise(word):
        if before.islower() and letter.isupper() and not (before.isascii() and letter.isascii()):
            return f"in {word!r} a capital follows a small letter"
    return ""


def _script(letter: str) -> str:
    if letter.isascii():
        return "LATIN"
    if _HAN.match(letter):
        return "HAN"
    if _KANA.match(letter):
        return "KANA"
    return unicodedata.name(letter, "UNKNOWN").split()[0]


def _eastern_fault(text: str, encoding: str) -> str:
    characters = _EASTERN.findall(text)
    if len(_ISOLATED.findall(text)) * 2 > len(characters):
        return f"{_ISOLATED.findall(text)[0]!r} stands alone between other letters"
    han, kana, hangul = _HAN.findall(text), _KANA.search(text), _HANGUL.search(text)
    if _HALF_KANA.search(text) and (han or kana):
        return "half kana stand among other characters"
    if (kana and encoding in ("gb18030", "cp950", "cp949")) or (hangul and han):
        return "scripts stand mixed that no language mixes"
    if hangul and _daily_share(_HANGUL.findall(text), "euc_kr", range(0xB0, 0xC9)) < _COMMON_SHARE:
        return f"most characters are hardly ever used, such as {hangul[0]!r}"
    if encoding in _DAILY and han and _daily_share(han, *_DAILY[encoding]) < _COMMON_SHARE:
        return f"most characters are hardly ever used, such as {han[0]!r}"
    return ""


def _daily_share(characters: list[str], charset: str, first_bytes: range) -> float:
    encoded = (char.encode(charset, errors="ignore") for char in characters)
    return sum(bool(code) and code[0] in first_bytes for code in encoded) / len(characters)


def _frequency_fault(words: Counter[str], languages: frozenset[str]) -> str:
    """Return a fault where letters of another language's frequency stand, as one alphabet shifted against another."""
    known = [language for language in languages if language in FREQUENT]
    letters = Counter[str]()
    for word, times in words.items():
        for letter in word.lower():
            letters[letter] += times
    total = sum(letters.values())
    if not known or total < _LETTERS_MIN:
        return ""
    share = max(sum(letters[letter] for letter in FREQUENT[language]) for language in known) / total
    return "" if share >= _FREQUENT_SHARE else "its frequent letters are rare in every language"
