"""Work that must not grow by the square: what is linear ends at once, and what is not would go on for hours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: In seconds of this process on the processor, so that a busy machine changes little; linear work takes a hundredth.
_PROCESSOR_S_MAX: Final = 20


@contextmanager
def bounded_work() -> Iterator[None]:
    """Fail where the block takes longer than work that grows with its input can take."""
    begun = time.process_time()
    yield
    took = time.process_time() - begun
    assert took < _PROCESSOR_S_MAX, f"{took:.0f} s of the processor: more than its input explains"
