"""What nobody sees, character by character, as the Unicode Standard has it."""

from __future__ import annotations

import sys

from prismd.core.values.blanks import INVISIBLE, UNSEEN

#: Property Default_Ignorable_Code_Point, in DerivedCoreProperties.txt: 4,174 characters.
DEFAULT_IGNORABLE = """
    00AD 034F 061C 115F..1160 17B4..17B5 180B..180D 180E 180F 200B..200F 202A..202E 2060..2064 2065 2066..206F 3164
    FE00..FE0F FEFF FFA0 FFF0..FFF8 1BCA0..1BCA3 1D173..1D17A E0000 E0001 E0002..E001F E0020..E007F E0080..E00FF
    E0100..E01EF E01F0..E0FFF
"""


def test_white_space_is_what_python_calls_so() -> None:
    white = {char for char in map(chr, range(sys.maxunicode + 1)) if char.isspace()}
    assert set(UNSEEN) - set(INVISIBLE) == white


def test_what_no_font_shows_is_what_unicode_ignores() -> None:
    ignored = set()
    for span in DEFAULT_IGNORABLE.split():
        first, _, last = span.partition("..")
        ignored |= {chr(code) for code in range(int(first, 16), int(last or first, 16) + 1)}
    assert len(ignored) == 4174
    assert set(INVISIBLE) == ignored


def test_each_stands_there_once() -> None:
    assert len(set(UNSEEN)) == len(UNSEEN)
