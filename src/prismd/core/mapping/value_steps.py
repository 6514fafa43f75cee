"""The steps that make one value of one value: functions of the values of cells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Context, Decimal
from typing import Final

from prismd.core.mapping.domains import NoDomainError, domain_of
from prismd.core.mapping.phone_numbers import NoPhoneNumberError, e164
from prismd.core.mapping.problems import StepError, certain, digits_of
from prismd.core.mapping.steps import Boolean, Case, Date, Domain, Email, Number, Phone, Step, Text, Trim, ValueMap
from prismd.core.tables.cells import cell_text
from prismd.core.tables.columns.forms import WHOLE_DIGITS_MAX, DateForm, NumberForm
from prismd.core.tables.columns.numbers import WrittenNumber, written_number
from prismd.core.values.addresses import address_problem
from prismd.core.values.blanks import trimmed
from prismd.core.wording.quoting import quoted

#: The value of a cell on its way through the steps.
Value = str | int | Decimal | bool | date | datetime | time

#: Makes one value of another; None for none.
ValueStep = Callable[[Value], Value | None]

_WORDS_SHOWN: Final = 6
#: More digits than any text that is read as a number has.
_EXACT: Final = Context(prec=100)
_ADD_TEXT: Final = 'put the step "text" before it'


def value_step(step: Step) -> ValueStep | None:
    """Return the function of a step that works on each value by itself, or None for another step.

    Args:
        step: The step.
    """
    make = _MAKERS.get(type(step))
    return make(step) if make else None


def text_of(value: Value, step: str) -> str:
    """Return the text of a value for a step that reads texts; the digits of a number are its text.

    Args:
        value: Any value.
        step: The name of the step.

    Raises:
        StepError: The value has no one text, as dates and truth values of spreadsheets have none.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise StepError(f'a text for the step "{step}"', _ADD_TEXT)
    return digits_of(value)


def _trim(_: Trim) -> ValueStep:
    return lambda value: trimmed(value) if isinstance(value, str) else value


def _case(step: Case) -> ValueStep:
    change: Callable[[str], str] = {"lower": str.lower, "upper": str.upper, "words": _capitalised}[step.to]
    return lambda value: change(value) if isinstance(value, str) else value


def _capitalised(text: str) -> str:
    """Return a text in small letters in which each word, and each part after a hyphen, begins with a capital."""
    letters, begins = list[str](), True
    for char in text:
        letters.append(char.title() if begins else char.lower())
        begins = char.isspace() or char in "-\u2010\u2011"
    return "".join(letters)


def map_key(text: str, step: ValueMap) -> str:
    """Return the form of a value by which a map finds it.

    Args:
        text: A value, or an entry of the map.
        step: The map.
    """
    text = trimmed(text) if step.trim else text
    return text.casefold() if step.ignore_case else text


def _map(step: ValueMap) -> ValueStep:
    known = {map_key(key, step): value for key, value in step.values.items()}

    def replaced(value: Value) -> Value | None:
        key = map_key(text_of(value, "map"), step)
        if key in known:
            return known[key]
        if step.otherwise == "keep":
            return value
        raise StepError(
            f"one of {_listed(step.values)}", 'add the value to the map, or give the map "otherwise": "keep"', value
        )

    return replaced


def _listed(words: dict[str, str | None]) -> str:
    shown = ", ".join(map(quoted, list(words)[:_WORDS_SHOWN]))
    return shown + (f" and {len(words) - _WORDS_SHOWN} more" if len(words) > _WORDS_SHOWN else "")


_ORDERS: Final = {"ymd": "year, month and day", "dmy": "day, month and year", "mdy": "month, day and year"}


def _date(step: Date) -> ValueStep:
    form = DateForm(step.order, step.century_from is not None, step.century_from)
    expected = f"a date in the order of {_ORDERS[step.order]}"
    advice = 'correct the cell, or the order of the step "date"'
    short = "" if step.century_from else '; years of two digits need "century_from"'

    def read(value: Value) -> Value:
        if isinstance(value, date):  # a moment is one, too
            return value
        if not isinstance(value, str):
            raise StepError(expected, "format the column as dates in the spreadsheet", value)
        day = _plain_day(value) or form.read(value)
        if day is None:
            raise StepError(expected, advice + short, value)
        return day

    return read


def _plain_day(text: str) -> date | None:
    """Return the day of a text such as 2024-05-31, which every form reads alike, and which is the usual one."""
    if len(text) != len("2024-05-31") or text[4] != "-" or text[7] != "-" or text[0] == "0":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _number(step: Number) -> ValueStep:
    form = NumberForm(step.decimal, step.thousands)
    expected = f"a number{_number_form(step)}"
    plain_digits = 0 if step.percent == "fraction" else WHOLE_DIGITS_MAX

    def read(value: Value) -> Value:
        if isinstance(value, str) and len(value) <= plain_digits and _is_plain(value):
            return int(value)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return _stored_number(certain(value), step, expected)
        written = written_number(value) if isinstance(value, str) else None
        number = form.value(written) if written else None
        if written is None or number is None:
            raise StepError(expected, 'correct the cell, or the signs of the step "number"', value)
        if advice := _sign_advice(written, step):
            raise StepError(expected, advice, value)
        return _EXACT.scaleb(Decimal(number), -2) if step.percent == "fraction" else number

    return read


def _is_plain(text: str) -> bool:
    """Return whether a text has digits alone, as every form reads them."""
    return text.isascii() and text.isdigit() and (text[0] != "0" or text == "0")


def _number_form(step: Number) -> str:
    signs = {".": "a point", ",": "a comma", " ": "a space", "'": "an apostrophe"}
    thousands = f" and {signs.get(step.thousands, step.thousands)} between thousands" if step.thousands else ""
    return f" with {signs[step.decimal]} before decimals{thousands}"


def _stored_number(value: int | Decimal, step: Number, expected: str) -> int | Decimal:
    """Return the number of a spreadsheet's cell, which holds 5 % as 0.05."""
    if step.percent == "whole":
        advice = 'a spreadsheet holds 5 % as 0.05; say "percent": "fraction", or "refuse" where cells are plain numbers'
        raise StepError(f"{expected} and a percent sign", advice, value)
    return value


def _sign_advice(written: WrittenNumber, step: Number) -> str:
    if written.currency and written.currency not in step.currency:
        return f'name the currency sign in "currency" of the step "number": [{quoted(written.currency)}]'
    if written.percent and step.percent == "refuse":
        return 'say what a percent sign means: "percent": "whole" makes 5 of 5 %, "fraction" makes 0.05'
    if step.percent == "fraction" and not written.percent:
        return "write the percent sign, without which 5 may be 5 or 0.05"
    return ""


def _boolean(step: Boolean) -> ValueStep:
    known = {word.casefold(): True for word in step.true} | {word.casefold(): False for word in step.false}
    shown = ", ".join(map(quoted, (*step.true, *step.false)[:_WORDS_SHOWN]))

    def read(value: Value) -> Value:
        if isinstance(value, bool):
            return value
        word = trimmed(value) if isinstance(value, str) else digits_of(value) if isinstance(value, int) else ""
        truth = known.get(word.casefold())
        if truth is None:
            raise StepError(f"one of {shown}", 'correct the cell, or add the word to the step "boolean"', value)
        return truth

    return read


def _phone(step: Phone) -> ValueStep:
    def read(value: Value) -> Value:
        try:
            return e164(text_of(value, "phone"), step.region)
        except NoPhoneNumberError as error:
            raise StepError("a phone number", str(error), value) from None

    return read


def _email(_: Email) -> ValueStep:
    def read(value: Value) -> Value:
        text = trimmed(text_of(value, "email"))
        problem = address_problem(text)
        if problem is None:
            return text
        reason = problem.rpartition(": ")[2]
        raise StepError("an e-mail address", f"{reason}; correct it, or split cells that hold several", value)

    return read


def _domain(step: Domain) -> ValueStep:
    def read(value: Value) -> Value:
        try:
            return domain_of(text_of(value, "domain"), keep_www=step.keep_www)
        except NoDomainError as error:
            raise StepError("a web address or a domain", f"{error}; correct it", value) from None

    return read


def _text(_: Text) -> ValueStep:
    def text(value: Value) -> Value:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return digits_of(value)
        return cell_text(value)

    return text


_MAKERS: Final[dict[type, Callable[..., ValueStep]]] = {
    Trim: _trim,
    Case: _case,
    ValueMap: _map,
    Date: _date,
    Number: _number,
    Boolean: _boolean,
    Phone: _phone,
    Email: _email,
    Domain: _domain,
    Text: _text,
}
