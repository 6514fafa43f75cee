"""Makes the files of the corpus by number: a flaw, a locale, an encoding, a delimiter, a known table."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from tests.files.corpus.flaws import FLAWS
from tests.files.corpus.known_tables import LOCALES, MAKERS, people
from tests.files.corpus.writing import MadeFile, Style, cells_of, values_of

#: How many files the corpus has.
FILES: Final = 2_160

_UNICODE: Final = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
_RARE: Final = ("^", "~", "||", "¦", "\x1f")
#: Flaws that concern the values of people.
_OF_PEOPLE: Final = frozenset({"short_years", "early_days", "only_thousands", "thousands", "null_words", "no_header"})


def made_files(count: int = FILES, *, first: int = 0) -> Iterator[MadeFile]:
    """Yield files by number; the same number gives the same file.

    Args:
        count: How many.
        first: The first number.
    """
    kinds = list(FLAWS)
    for number in range(first, first + count):
        yield _made(number, kinds[number % len(kinds)])


def _made(number: int, kind: str) -> MadeFile:
    dice = random.Random(number)
    locale = LOCALES[(number // len(FLAWS)) % len(LOCALES)]
    maker = people if kind in _OF_PEOPLE else dice.choice(MAKERS)
    table = maker(locale, dice, dice.choice([6, 12, 25, 60]))
    style = Style(delimiter=_delimiter(locale.delimiter, dice, kind), end=dice.choice(["\n", "\n", "\r\n"]))
    key = MadeFile("", kind, b"", "", table.names, cells_of(table, style), values_of(table))
    text = FLAWS[kind](table, style, dice, key)
    key.encoding, key.data = _encoded(text, locale.encodings, dice)
    key.name = f"{number:04} {kind} {locale.name} {key.encoding}"
    return key


def _delimiter(usual: str, dice: random.Random, kind: str) -> str:
    if kind == "plain" and dice.random() < 0.3:
        return dice.choice(_RARE)
    return dice.choice([usual, usual, usual, ",", ";", "\t", "|"])


def _encoded(text: str, encodings: tuple[str, ...], dice: random.Random) -> tuple[str, bytes]:
    name = dice.choice([*_UNICODE, *encodings])
    try:
        return name, text.encode(name)
    except UnicodeEncodeError:
        return "utf-8", text.encode()
