"""A value that is computed once: when it is needed first, or earlier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

_Value = TypeVar("_Value")


class Once(Generic[_Value]):
    """A value, and the function that computes it.

    Args:
        make: Computes the value; it is called at most once.
    """

    def __init__(self, make: Callable[[], _Value]) -> None:
        self._make: Callable[[], _Value] | None = make
        self._values: list[_Value] = []
        self._error: Exception | None = None

    def __call__(self) -> _Value:
        """Return the value, or raise the error of its computation."""
        self.settle()
        if self._error is not None:
            raise self._error
        return self._values[0]

    def settle(self) -> None:
        """Compute the value if it is missing; an error waits for the caller that asks for the value."""
        make, self._make = self._make, None
        if make is None:
            return
        try:
            self._values.append(make())
        except Exception as error:  # noqa: BLE001 - raised to the caller who asks for the value
            self._error = error
