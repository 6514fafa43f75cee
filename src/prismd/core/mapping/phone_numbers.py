"""Phone numbers in the form of E.164; a text that holds more than one number, or less, is refused."""

from __future__ import annotations

import re
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Final

from prismd.core.values.blanks import trimmed

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_CHARS_MAX: Final = 60
# What stands in one number: digits, and the signs between them. Letters would be read as digits, or left out.
_ONE_NUMBER: Final = re.compile(r"[+\uff0b]?[\s\d().\-\u2010-\u2015\u2212/\u00a0\u2060]+")
_EXTENSION: Final = re.compile(r"(?i)\d\s*(?:,|;|#|x|ext|extn|extension|durchwahl|dw|poste|int|wew)[\s.:=#]*\d+$")
_NO_DIGIT: Final = re.compile(r"\D+")

_ONE: Final = "write one phone number alone"
_KEEP: Final = 'leave the step "phone" out to keep numbers as they are'


@cache
def _library() -> ModuleType:
    """Return the library, which takes a tenth of a second to load, and is needed by mappings of phone numbers alone."""
    import phonenumbers  # noqa: PLC0415 - see above

    return phonenumbers


class NoPhoneNumberError(ValueError):
    """A text is no phone number that has a form in E.164; the message says why and what to do."""


def is_region(region: str) -> bool:
    """Return whether phone numbers of a country are known.

    Args:
        region: Its code of two capital letters, as in ``DE``.
    """
    return region in _library().SUPPORTED_REGIONS


def e164(text: str, region: str | None) -> str:
    """Return a phone number as ``+`` with the code of its country and its digits.

    Args:
        text: Any text.
        region: The country of numbers without a country code; None refuses those.

    Raises:
        NoPhoneNumberError: It is no phone number, or E.164 cannot keep all of it.
    """
    text = trimmed(text)
    if len(text) > _CHARS_MAX or not _ONE_NUMBER.fullmatch(text):
        raise NoPhoneNumberError(_why_not_one(text[: _CHARS_MAX + 1]))
    library, number = _library(), _parsed(text, region)
    if number is None or library.is_possible_number_with_reason(number) != library.ValidationResult.IS_POSSIBLE:
        raise NoPhoneNumberError(_why_no_number(text, region))
    if _holds_two(text, region) or not _digits(text).endswith(library.national_significant_number(number)):
        raise NoPhoneNumberError(f"it may hold two numbers; {_ONE}")
    return str(library.format_number(number, library.PhoneNumberFormat.E164))


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    library = _library()
    try:
        number: PhoneNumber = library.parse(text, region)
    except library.NumberParseException:
        return None
    return number


def _holds_two(text: str, region: str | None) -> bool:
    """Return whether what stands before a slash is a number by itself; mostly it is the code of an area."""
    before, slash, after = text.partition("/")
    if not slash:
        return False
    number = _parsed(before, region)
    long = number is not None and len(_library().national_significant_number(number)) > _AREA_DIGITS_MAX
    return long or "/" in after or "+" in after


_AREA_DIGITS_MAX: Final = 5


def _digits(text: str) -> str:
    return "".join(str(int(char)) for char in _NO_DIGIT.sub("", text))


def _why_not_one(text: str) -> str:
    if len(text) > _CHARS_MAX:
        return f"it has more than {_CHARS_MAX} characters; {_ONE}"
    if _EXTENSION.search(text):
        return f"E.164 has no extensions; put the extension into a column of its own, or {_KEEP}"
    return f"it holds more than one number's digits and signs; {_ONE}, or {_KEEP}"


def _why_no_number(text: str, region: str | None) -> str:
    if region is None and not text.startswith(("+", "\uff0b")):
        return 'it has no country code; give the step "phone" the region of such numbers, as in "region": "DE"'
    where = f" in {region}" if region and not text.startswith("+") else ""
    return f"no number{where} has this form; correct it, or {_KEEP}"
