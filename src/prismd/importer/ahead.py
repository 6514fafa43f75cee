"""Items that a thread makes ahead of their use, so that reading and mapping go on while the server works."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

_T = TypeVar("_T")


@contextmanager
def made_ahead(items: Iterable[_T], ahead_max: int) -> Iterator[Iterator[_T]]:
    """Give the items in their order; a thread makes the next ones while the caller uses one.

    What making an item raises is raised where that item is taken, after all items before it. The thread ends with the
    block, at the latest when the item that it is making is made.

    Args:
        items: What to make; nothing else may use it meanwhile.
        ahead_max: The most items that are made or being made and not yet taken; 0 makes each when it is taken.
    """
    if ahead_max == 0:
        yield iter(items)
        return
    made = _Made(items, ahead_max)
    thread = threading.Thread(target=made.make, name="made ahead", daemon=True)
    thread.start()
    try:
        yield made.taken()
    finally:
        made.stop()
        thread.join()


class _Made(Generic[_T]):
    """The items that are made and not yet taken; two threads share it."""

    def __init__(self, items: Iterable[_T], ahead_max: int) -> None:
        self._items = iter(items)
        self._ahead_max = ahead_max
        self._held = deque[_T]()
        self._error: BaseException | None = None
        self._ended = self._stopped = False
        self._changed = threading.Condition()

    def make(self) -> None:
        """Make items while there is room for them, until there are no more or nobody wants any."""
        try:
            while self._has_room():
                item = next(self._items)
                with self._changed:
                    self._held.append(item)
                    self._changed.notify()
                del item
        except StopIteration:
            pass
        except BaseException as error:  # noqa: BLE001 - whoever takes the items raises it
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify()

    def taken(self) -> Iterator[_T]:
        """Yield the items in their order; wait for those that are not made yet."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._held or self._ended)
                if not self._held:
                    break
                item = self._held.popleft()
                self._changed.notify()
            yield item
            del item
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Have no more items made."""
        with self._changed:
            self._stopped = True
            self._held.clear()
            self._changed.notify()

    def _has_room(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or len(self._held) < self._ahead_max)
            return not self._stopped
