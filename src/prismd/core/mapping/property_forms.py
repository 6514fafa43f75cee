"""The form in which a value goes into a row, by the type of its property; what has no certain form is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from typing import Final

from prismd.core.mapping.problems import StepError, certain, digits_of
from prismd.core.mapping.targets import Target
from prismd.core.mapping.value_steps import Value

#: Makes what goes into the row; raises :class:`StepError`.
Form = Callable[[Value], object]


def form_for(target: Target) -> Form:
    """Return the function that gives a value the form of a property.

    A text stays as it is, and the server reads it as it reads every text. So does the number of a spreadsheet's cell
    become a text: by its digits. Dates and truth values have several forms as texts, so one is made by a step alone.

    Args:
        target: The property.
    """
    return _FORMS.get(target.type, _text)


def _text(value: Value) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return digits_of(value)
    what = "true and false" if isinstance(value, bool) else "dates and times"
    raise StepError("a text", f'add the step "text", which writes {what} of spreadsheets as texts')


def _number(value: Value) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return certain(value)
    raise StepError("a number", "correct the cell, or map the column to a property of another type")


def _boolean(value: Value) -> object:
    if isinstance(value, str | bool):
        return value
    advice = 'add the step "boolean" with the words for true and false, as in "true": ["1"], "false": ["0"]'
    raise StepError("true or false", advice if isinstance(value, int) else "correct the cell")


def _date(value: Value) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    advice = "a time belongs to a day; put both into one cell" if isinstance(value, time) else _FORMAT_DATES
    raise StepError("a date", advice)


_FORMAT_DATES: Final = "format the column as dates in the spreadsheet"
_FORMS: Final[dict[str, Form]] = {"num": _number, "bool": _boolean, "date": _date}
