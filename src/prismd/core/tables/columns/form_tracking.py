"""Which forms of dates and numbers read all cells of a column, kept while the cells go by."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, NamedTuple, TypeVar

from prismd.core.tables.columns.dates import DateOrder, written_date
from prismd.core.tables.columns.forms import WHOLE_DIGITS_MAX, DateForm, NumberForm
from prismd.core.tables.columns.numbers import written_number

_ORDERS: Final[tuple[DateOrder, ...]] = ("ymd", "dmy", "mdy")
#: A number without a sign of percent.
PLAIN: Final = False
#: By this century, two digits are looked at before a person says what they mean.
_CENTURY: Final = 2000
_NUMBER_FORMS: Final = (
    NumberForm("."), NumberForm(".", ","), NumberForm(".", " "), NumberForm(".", "'"), NumberForm(","),
    NumberForm(",", "."), NumberForm(",", " "), NumberForm(",", "'"),
)  # fmt: skip

#: Of forms that read all cells alike, the one that reads the most further ones.
_USUAL_FIRST: Final = (*(_NUMBER_FORMS[at] for at in (1, 5)), *_NUMBER_FORMS)

Form = TypeVar("Form", bound=Hashable)


class Seen(NamedTuple):
    """A cell that decided something.

    Args:
        line: Its line in the file.
        text: What it holds.
    """

    line: int
    text: str


class Candidates(Generic[Form]):
    """Forms that read every cell so far, in groups that read each cell alike.

    Args:
        forms: All forms, the preferred ones first.
    """

    def __init__(self, forms: tuple[Form, ...]) -> None:
        self.groups: list[list[Form]] = [list(forms)]
        #: The first cell that a form could not read.
        self.ended: dict[Form, Seen] = {}
        #: The first cell that two groups read differently.
        self.parted: Seen | None = None

    def see(self, readings: dict[Form, Hashable], seen: Seen) -> None:
        """Take the readings of one cell; a form without a reading ends.

        Args:
            readings: What each form reads, where it reads the cell.
            seen: The cell.
        """
        groups: list[list[Form]] = []
        for group in self.groups:
            parts: dict[Hashable, list[Form]] = {}
            for form in group:
                if form in readings:
                    parts.setdefault(readings[form], []).append(form)
                else:
                    self.ended.setdefault(form, seen)
            groups += parts.values()
            if len(parts) > 1 and self.parted is None:
                self.parted = seen
        self.groups = groups

    def end(self, seen: Seen) -> None:
        """Take a cell that no form reads.

        Args:
            seen: The cell.
        """
        self.see({}, seen)

    @property
    def alive(self) -> bool:
        """Whether any form reads every cell so far."""
        return bool(self.groups)

    def distinct(self) -> tuple[Form, ...]:
        """Return one form of each group: they differ on some cell."""
        return tuple(group[0] for group in self.groups)


class DateTracker:
    """The orders of dates that read every cell."""

    def __init__(self) -> None:
        self.orders = Candidates[DateOrder](_ORDERS)
        self.seen = False
        self.moments = False
        #: The first date that does not tell its own order.
        self.silent: Seen | None = None
        self.short: Seen | None = None
        #: The two-digit years that were seen, where the year stands first and where it stands last.
        self._first: set[int] = set()
        self._last: set[int] = set()

    def see(self, text: str, line: int) -> None:
        """Take one cell.

        Args:
            text: A filled cell.
            line: Its line in the file.
        """
        if not self.orders.alive:
            return
        written, seen = written_date(text), Seen(line, text)
        self.seen = True
        if written is None:
            self.orders.end(seen)
            return
        self.orders.see(
            {
                order: moment
                for order in _ORDERS
                if written.fits(order) and (moment := written.by(order, _CENTURY)) is not None
            },
            seen,
        )
        self.moments = self.moments or written.time is not None
        if not written.tells:
            self.silent = self.silent or seen
        if written.short:
            self.short = self.short or seen
            self._first.add(written.parts[0])
            self._last.add(written.parts[0] if written.tells else written.parts[2])

    def short_years(self, order: DateOrder) -> set[int]:
        """Return the two-digit years that were seen.

        Args:
            order: The order of day, month and year.
        """
        return self._first if order == "ymd" else self._last

    def forms(self) -> tuple[DateForm, ...]:
        """Return the forms that read every cell and differ on one."""
        short = self.short is not None
        return tuple(DateForm(order, two_digit_years=short) for order in self._possible()) if self.seen else ()

    def _possible(self) -> tuple[DateOrder, ...]:
        """Return the orders that may be meant: of alike ones all, as soon as a date does not tell its own."""
        if self.silent is None:
            return self.orders.distinct()
        return tuple(order for order in _ORDERS if any(order in group for group in self.orders.groups))


class NumberTracker:
    """The forms of numbers that read every cell."""

    def __init__(self) -> None:
        self.candidates = Candidates[NumberForm](_NUMBER_FORMS)
        self.seen = False
        self.whole = True
        self.currencies: set[str] = set()
        self.percents: set[bool] = set()

    def see(self, text: str, line: int) -> None:
        """Take one cell.

        Args:
            text: A filled cell.
            line: Its line in the file.
        """
        if not self.candidates.alive:
            return
        self.seen = True
        if text.isascii() and text.isdigit() and len(text) <= WHOLE_DIGITS_MAX and (text[0] != "0" or text == "0"):
            self.percents.add(PLAIN)
            return
        seen, written = Seen(line, text), written_number(text)
        if written is None:
            self.candidates.end(seen)
            return
        readings = {form: value for form in _NUMBER_FORMS if (value := form.value(written)) is not None}
        # An integer and a decimal of the same worth are one reading.
        self.candidates.see(dict(readings), seen)
        self.whole = self.whole and all(isinstance(value, int) for value in readings.values())
        self.percents.add(written.percent)
        if written.currency:
            self.currencies.add(written.currency)
        if len(self.currencies) > 1 or len(self.percents) > 1:
            self.candidates.end(seen)

    def forms(self) -> tuple[NumberForm, ...]:
        """Return the forms that read every cell and differ on one."""
        if not self.seen:
            return ()
        return tuple(self._full(min(group, key=_USUAL_FIRST.index)) for group in self.candidates.groups)

    def forms_by(self, decimal: str) -> tuple[NumberForm, ...]:
        """Return the form that reads every cell with a sign before decimals; none where no form does.

        Args:
            decimal: The sign.
        """
        alive = [form for group in self.candidates.groups for form in group if form.decimal == decimal]
        return tuple(self._full(form) for form in sorted(alive, key=_USUAL_FIRST.index)[:1])

    def _full(self, form: NumberForm) -> NumberForm:
        currency, percent = next(iter(self.currencies), ""), True in self.percents
        return NumberForm(form.decimal, form.thousands, currency, percent)

    @property
    def decimals(self) -> frozenset[str]:
        """The signs that may stand before decimals."""
        return frozenset(form.decimal for group in self.candidates.groups for form in group)
