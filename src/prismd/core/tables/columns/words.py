"""Words for nothing, and for yes and no, as people and programs write them."""

from __future__ import annotations

import re
from typing import Final

#: Cells that say that there is no value, in lower case.
NULL_WORDS: Final = frozenset({
    "n/a", "#n/a", "n.a.", "n.a", "na", "null", "<null>", "(null)", "[null]", "none", "nil", "nan", "\\n", "-", "--",
    "---", "–", "—", "?", "#null!", "(blank)", "(empty)", "<empty>", "(leer)", "k.a.", "k. a.", "keine angabe",
    "entfällt",

    "unbekannt", "unknown", "not available", "not applicable", "sin datos", "s/d", "n/d", "non disponible",
    "non renseigné", "n.d.", "n.v.t.", "onbekend", "brak", "brak danych", "неизвестно", "нет данных", "н/д",
    "不明", "なし", "無", "无", "(none)", "tbd", "missing", "undefined",
})  # fmt: skip

#: The word for yes and the word for no, in lower case.
BOOLEAN_WORDS: Final = (
    ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("1", "0"), ("on", "off"), ("ja", "nein"), ("j", "n"),
    ("wahr", "falsch"), ("oui", "non"), ("o", "n"), ("vrai", "faux"), ("sí", "no"), ("si", "no"), ("s", "n"),
    ("verdadero", "falso"), ("sim", "não"), ("sim", "nao"), ("verdadeiro", "falso"), ("sì", "no"), ("vero", "falso"),
    ("ja", "nee"), ("waar", "onwaar"), ("tak", "nie"), ("t", "n"), ("prawda", "fałsz"), ("ano", "ne"), ("a", "n"),
    ("ja", "nej"), ("sant", "falskt"), ("sand", "falsk"), ("ja", "nei"), ("kyllä", "ei"), ("igen", "nem"),
    ("evet", "hayır"), ("e", "h"), ("doğru", "yanlış"), ("да", "нет"), ("д", "н"), ("истина", "ложь"),
    ("так", "ні"), ("はい", "いいえ"), ("是", "否"), ("예", "아니요"), ("checked", "unchecked"), ("active", "inactive"),
    ("enabled", "disabled"), ("x", "-"), ("✓", "✗"), ("☑", "☐"),
)  # fmt: skip

#: Every word of them.
ALL_BOOLEAN_WORDS: Final = frozenset(word for pair in BOOLEAN_WORDS for word in pair)

#: The longest word of either list.
WORD_CHARS_MAX: Final = max(map(len, NULL_WORDS | ALL_BOOLEAN_WORDS))


def is_null_word(text: str) -> bool:
    """Return whether a cell says that there is no value.

    Args:
        text: Any text, of any length.
    """
    return len(text) <= WORD_CHARS_MAX + 2 and text.strip().lower() in NULL_WORDS


_ZERO_DATE: Final = re.compile(r"(0000|00?)([-/.])00?\2(0000|00?)( 00:00(:00)?)?", re.ASCII)


def is_zero_date(text: str) -> bool:
    """Return whether a cell is a date whose year, month and day are zero, by which programs write that there is none.

    Args:
        text: Any text, of any length, without white space around it.
    """
    return len(text) <= len("00.00.0000 00:00:00") and _ZERO_DATE.fullmatch(text) is not None


def boolean_words(words: frozenset[str]) -> tuple[str, str] | None:
    """Return the words for yes and no of which all given words are, or None.

    Args:
        words: Words in lower case.
    """
    return next((pair for pair in BOOLEAN_WORDS if words <= set(pair)), None) if words else None
