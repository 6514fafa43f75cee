"""A value that is made once: when it is first asked for, or before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class Once(Generic[_Value]):
    """A value, and how to make it.

    Args:
        make: Called once at most.
    """

    def __init__(self, make: Callable[[], _Value]) -> None:
        self._make: Callable[[], _Value] | None = make
        self._values: list[_Value] = []
        self._error: Exception | None = None

    def __call__(self) -> _Value:
        """Return the value, or raise the error that making it ended in."""
        self.settle()
        if self._error is not None:
            raise self._error
        return self._values[0]

    def settle(self) -> None:
        """Make the value unless it is made; an error is kept for the caller who asks for the value."""
        make, self._make = self._make, None
        if make is None:
            return
        try:
            self._values.append(make())
        except Exception as error:  # noqa: BLE001 - raised to the caller who asks for the value
            self._error = error
