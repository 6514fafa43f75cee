"""The letters of languages beyond ASCII, by which a wrong encoding shows itself."""

from __future__ import annotations

import re
from typing import Final

#: Letters of languages, in lower case.
ALPHABETS: Final = {
    language: frozenset(letters)
    for language, letters in {
        "German": "äöüß",
        "French": "àâæçéèêëîïôœùûüÿ",
        "Spanish": "áéíóúüñ",
        "Portuguese": "áâãàçéêíóôõúü",
        "Italian": "àèéìíîòóùú",
        "Catalan": "àçèéíïòóúü",
        "Dutch": "áàäâéëèêíïîóöôúüûç",
        "Danish or Norwegian": "æøåéèêóòôâàä",
        "Swedish": "åäöéàü",
        "Finnish": "åäöšž",
        "Icelandic": "áðéíóúýþæö",
        "Polish": "ąćęłńóśźż",
        "Czech": "áčďéěíňóřšťúůýž",
        "Slovak": "áäčďéíĺľňóôŕšťúýž",
        "Hungarian": "áéíóöőúüű",
        "Romanian": "ăâîșțşţ",
        "Croatian or Slovenian": "čćđšž",
        "Estonian": "äöõüšž",
        "Latvian": "āčēģīķļņšūž",
        "Lithuanian": "ąčęėįšųūž",
        "Turkish": "çğıöşüâîû",
        "Albanian": "çë",
        "Welsh": "âêîôûŵŷ",
        "Russian": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "Ukrainian": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
        "Belarusian": "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
        "Bulgarian": "абвгдежзийклмнопрстуфхцчшщъьюя",
        "Serbian": "абвгдђежзијклљмнњопрстћуфхцчџш",
        "Macedonian": "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
        "Greek": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",
        "Hebrew": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
        "Arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئةىپچژگ",
    }.items()
}

#: What never stands in a word of a language, although all its letters are of that language.
IMPOSSIBLE: Final = {
    "German": re.compile("ß[äöü]|^ß"),
    "Polish": re.compile("[ćńśź][aeiouyąęó]|^[ąęń]|[ąę][aeiouyąęó]"),
    "Hungarian": re.compile("[őű]{2}"),
    "Czech": re.compile("^[ďťň][^aeiouyáéíóúý]|[áéíóúůý]{2}|ě[aeiouyáéíóúůýě]"),
    "Slovak": re.compile("^[ĺŕ]|[ĺŕ][aeiouyáäéíóôúý]|[áéíóúý]{2}"),
    "Russian": re.compile("^[ъыь]|[ъыь]{2}|[аеёиоуыэюя][ъь]"),
    "Bulgarian": re.compile("^ь|[ъь]{2}|[аеиоуюя][ь]"),
    "Ukrainian": re.compile("^ь|ьь|[аеєиіїоуюя]ь"),
    "Belarusian": re.compile("^[ьў]|ьь|[аеёіоуыэюя]ь"),
    "Greek": re.compile("ς."),
    "Turkish": re.compile("^ğ"),
    "Icelandic": re.compile("^ð|[^aáeéiíoóuúyýæönrlmk]þ."),
}

#: The ten most frequent letters; they make up about two thirds of any text.
FREQUENT: Final = {
    "Russian": "оеаинтсрвл",
    "Ukrainian": "оаинвітеср",
    "Belarusian": "аіноетрксл",
    "Bulgarian": "аиоентсрвл",
    "Serbian": "аиоенрсјту",
    "Macedonian": "аоиетнрсвк",
}

_VOWELS: Final = "aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿœąęėįųūāēīőűůăıěŵŷ"
HAS_VOWEL: Final = re.compile(f"[{_VOWELS}]|[lr]|[^\\u0000-\\u024f]")


def languages_of(word: str) -> frozenset[str]:
    """Return the languages in which a word may stand, by its letters and their places.

    Args:
        word: Letters alone, in lower case, of which some lie beyond ASCII.
    """
    letters = {letter for letter in word if not letter.isascii()}
    return frozenset(
        language
        for language, alphabet in ALPHABETS.items()
        if letters <= alphabet and not (language in IMPOSSIBLE and IMPOSSIBLE[language].search(word))
    )
