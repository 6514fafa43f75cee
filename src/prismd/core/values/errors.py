"""Why a value cannot be stored, as one sentence for the person who sent it."""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Decimal
from typing import Final, NoReturn

from prismd.core.json.unpaired import has_unpaired
from prismd.core.wording.quoting import SHOWN_CHARS_MAX, quoted

_INT_BITS_SHOWN_MAX: Final = 1024


class InvalidValueError(ValueError):
    """A value does not fit its property.

    Args:
        message: A sentence that names the slug, what was expected and what was found.
        options: For ``invalid_option``: the unknown values that could become options.
        code: ``invalid_value`` or ``invalid_option``.
    """

    def __init__(self, message: str, *, code: str = "invalid_value", options: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.options = options

    @property
    def option(self) -> str | None:
        """The first unknown value that could become an option."""
        return self.options[0] if self.options else None


def found(value: object) -> str:
    """Return a short description of a JSON value for a sentence.

    Args:
        value: Any JSON value, of any size.
    """
    if isinstance(value, str):
        return f"the text {quoted(value)}" if value else "an empty text"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return _found_number(value)
    if value is None:
        return "null"
    return "a list" if isinstance(value, list) else "an object"


def _found_number(number: int | Decimal) -> str:
    if isinstance(number, int) and number.bit_length() > _INT_BITS_SHOWN_MAX:
        return "a number of several hundred digits"
    if isinstance(number, Decimal) and number.adjusted() in (MAX_EMAX, MIN_EMIN):
        return "a number whose exponent has eighteen digits or more"
    digits = str(number)
    return f"the number {digits if len(digits) <= SHOWN_CHARS_MAX else digits[:SHOWN_CHARS_MAX] + '…'}"


def refuse(slug: str, expected: str, value: object, advice: str = "") -> NoReturn:
    """Raise the error of a value of the wrong kind.

    Args:
        slug: The property.
        expected: The expected value, as the words after "must be".
        value: The value that was found.
        advice: What to do, if the error alone does not say it.
    """
    raise InvalidValueError(f"`{slug}` must be {expected}, not {found(value)}{'; ' if advice else ''}{advice}")


def text_problem(text: str, chars_max: int) -> str | None:
    """Return why a text cannot be stored, or None if it can.

    Args:
        text: Any text, unpaired surrogates included.
        chars_max: Maximum length in characters.
    """
    if len(text) > chars_max:
        return f"it has {len(text):,} characters and may have at most {chars_max:,}"
    unpaired = not text.isascii() and has_unpaired(text)
    if unpaired or "\0" in text:
        what = "half of a surrogate pair" if unpaired else "a NUL character"
        return f"it contains {what}, which no text can hold; remove it"
    return None
