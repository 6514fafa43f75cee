"""What the cells of a column prove about their forms, and what they leave open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from prismd.core.tables.columns.dates import DateOrder, written_date
from prismd.core.tables.columns.form_tracking import Seen
from prismd.core.tables.columns.forms import DateForm, NumberForm
from prismd.core.tables.columns.profile import ColumnProfile, told_name
from prismd.core.tables.columns.reading import ColumnReader
from prismd.core.tables.questions import Decision, Question, Reading

#: The value of the decision about decimals where no number has any.
NO_DECIMALS: Final = "none"

#: So many cells of a kind, and so small a share of words for nothing, prove that those words mean nothing.
_PROVING_CELLS: Final = 3
_ORDERS: Final = {"ymd": "year, month, day", "dmy": "day, month, year", "mdy": "month, day, year"}
_DECIMALS: Final = {".": "the point stands before decimals", ",": "the comma stands before decimals"}
_CENTURIES: Final = (1970, 1930, 2000, 1900)
_TYPED: Final = frozenset({"integer", "number", "date", "datetime", "boolean", "email", "url"})


@dataclass(frozen=True, slots=True)
class ColumnFindings:
    """What is known about a column.

    Args:
        profile: The column, with the forms that are left.
        decisions: What is sure.
        questions: What is open.
    """

    profile: ColumnProfile
    decisions: tuple[Decision, ...]
    questions: tuple[Question, ...]


def column_findings(reader: ColumnReader, answers: Mapping[str, str]) -> ColumnFindings:
    """Return what the cells of a column prove and leave open.

    Args:
        reader: The column after its cells went by.
        answers: Answers by the keys of their questions; a name alone answers for every column.
    """
    doubts = _Doubts(reader, answers)
    profile = doubts.with_dates(doubts.with_numbers(reader.profile()))
    doubts.look_at_nulls(profile)
    return ColumnFindings(profile, tuple(doubts.decisions), tuple(doubts.questions))


class _Doubts:
    def __init__(self, reader: ColumnReader, answers: Mapping[str, str]) -> None:
        self.reader, self._answers = reader, answers
        self.name = told_name(reader.name, reader.position)
        self.decisions: list[Decision] = []
        self.questions: list[Question] = []

    def with_dates(self, profile: ColumnProfile) -> ColumnProfile:
        forms = profile.date_forms
        if not forms or ("integer" in profile.kinds and not self._answer("date_format")):
            return profile
        if order := self._answer("date_format"):
            form = DateForm(_order(order), two_digit_years=self.reader.dates.short is not None)
            self._decide("date_format", order, "given")
            return replace(profile, date_forms=(self._with_century(form),))
        if len(forms) > 1:
            self.questions.append(self._order_question(forms))
            return replace(profile, date_forms=tuple(map(self._with_century, forms)))
        self._decide("date_format", forms[0].order, self._order_proof(forms[0]))
        return replace(profile, date_forms=(self._with_century(forms[0]),))

    def with_numbers(self, profile: ColumnProfile) -> ColumnProfile:
        forms = profile.number_forms
        if not forms:
            return profile
        if decimal := self._answer("decimal"):
            self._decide("decimal", decimal, "given")
            return replace(profile, number_forms=self.reader.numbers.forms_by(decimal) or forms[:1])
        if len(forms) > 1:
            self.questions.append(self._decimal_question(forms))
        elif len(self.reader.numbers.decimals) > 1:
            self._decide("decimal", NO_DECIMALS, "every number is whole, so that no sign before decimals shows itself")
        else:
            self._decide("decimal", forms[0].decimal, self._decimal_proof(forms[0]))
        return profile

    def look_at_nulls(self, profile: ColumnProfile) -> None:
        if self.reader.zeros_are_nothing:
            zero = next(iter(self.reader.zero_dates.values()))
            evidence = f"line {zero.line}: {zero.text} has no day, no month and no year"
            self._decide("null", ", ".join(sorted(self.reader.zero_dates)), evidence)
        first = self.reader.first_null
        if first is None:
            return
        words = ", ".join(sorted(self.reader.nulls))
        if answer := self._answer("null"):
            self._decide("null", answer, "given")
            return
        others = profile.filled - sum(self.reader.nulls.values())
        kinds = sorted(profile.kinds & _TYPED)
        if kinds and others >= _PROVING_CELLS:
            self._decide(
                "null", words, f"line {first.line}: {first.text!r} among cells that are all of kind {kinds[0]}"
            )
            return
        readings = (
            Reading("blank", "there is no value", f"line {first.line}: {first.text!r} is an empty cell"),
            Reading("text", "it is a text like others", f"line {first.line}: {first.text!r} is the value"),
        )
        self.questions.append(Question("null", self.name, readings, "--null"))

    def _answer(self, name: str) -> str | None:
        return self._answers.get(f"{name}:{self.name}", self._answers.get(name))

    def _decide(self, name: str, value: str, evidence: str) -> None:
        self.decisions.append(Decision(name, self.name, value, evidence))

    def _order_question(self, forms: tuple[DateForm, ...]) -> Question:
        seen = self.reader.dates.orders.parted or self.reader.dates.silent
        assert seen is not None  # noqa: S101 - several orders are left, so a date does not tell its own
        readings = tuple(
            Reading(form.order, _ORDERS[form.order], f"line {seen.line}: {seen.text} is {_shown_day(seen, form.order)}")
            for form in forms
        )
        return Question("date_format", self.name, readings, "--date-format")

    def _order_proof(self, form: DateForm) -> str:
        for order, seen in self.reader.dates.orders.ended.items():
            if order != "ymd" or form.order == "ymd":
                return f"line {seen.line}: {seen.text} is no date by {_ORDERS[order]}"
        return "each date names its month, or begins with a year of four digits"

    def _with_century(self, form: DateForm) -> DateForm:
        short = self.reader.dates.short
        if short is None:
            return form
        if answer := self._answer("century"):
            return replace(form, century_from=int(answer))
        if not any(question.name == "century" for question in self.questions):
            self._ask_century(form, short)
        return form

    def _ask_century(self, form: DateForm, short: Seen) -> None:
        years = self.reader.dates.short_years(form.order)
        told, readings = set[tuple[int, ...]](), list[Reading]()
        for begins in _CENTURIES:
            full = tuple(begins + (year - begins) % 100 for year in sorted(years))
            if full not in told:
                told.add(full)
                day = replace(form, century_from=begins).read(short.text)
                evidence = f"line {short.line}: {short.text} is {day}"
                readings.append(Reading(str(begins), f"the years {begins} to {begins + 99}", evidence))
        self.questions.append(Question("century", self.name, tuple(readings), "--century"))

    def _decimal_question(self, forms: tuple[NumberForm, ...]) -> Question:
        seen = self.reader.numbers.candidates.parted
        assert seen is not None  # noqa: S101 - forms differ, so a cell parted them
        readings = list[Reading]()
        for form in forms:
            if form.decimal not in [reading.value for reading in readings]:
                evidence = f"line {seen.line}: {seen.text} is {form.read(seen.text)}"
                readings.append(Reading(form.decimal, _DECIMALS[form.decimal], evidence))
        return Question("decimal", self.name, tuple(readings), "--decimal")

    def _decimal_proof(self, form: NumberForm) -> str:
        for other, seen in self.reader.numbers.candidates.ended.items():
            if other.decimal != form.decimal:
                return f"line {seen.line}: {seen.text} is no number where {_DECIMALS[other.decimal]}"
        return "every cell reads as one number"


def _order(answer: str) -> DateOrder:
    orders: dict[str, DateOrder] = {"ymd": "ymd", "dmy": "dmy", "mdy": "mdy"}
    return orders[answer]


def _shown_day(seen: Seen, order: DateOrder) -> str:
    written = written_date(seen.text)
    day = written.by(order, _CENTURIES[2]) if written else None
    return f"{day:%-d %B %Y}" if day else "no date"
