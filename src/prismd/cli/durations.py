"""Spans of time on the command line: a number and a unit, such as ``90d``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

import click

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_WRITTEN: Final = re.compile(r"([0-9]{1,6})([smhd])")
#: The longest span; with a longer one, dates could leave the calendar.
_MOST: Final = timedelta(days=36_500)


class _Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401 - as Click declares it
        """Return the span that a text names."""
        if isinstance(value, timedelta):
            return value
        written = _WRITTEN.fullmatch(value)
        span = timedelta(**{_UNITS[written[2]]: int(written[1])}) if written else None
        if span is None or span > _MOST:
            self.fail(
                f"expected a number and a unit of s, m, h or d, such as 90d; at most 36500d, not {value!r}", param, ctx
            )
        return span


#: The type of an option that takes a span of time.
DURATION: Final = _Duration()
