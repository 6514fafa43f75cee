"""A Ctrl-C that Python drops is raised where the import looks for it next."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from prismd.cli.importing.interruption import kept_interrupts


def interrupted_as_it_ends() -> Iterator[int]:
    try:
        yield 1
    finally:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_comes_while_a_generator_is_destroyed_is_not_lost() -> None:
    with kept_interrupts() as check:
        check()
        next(interrupted_as_it_ends())  # destroyed at once, as nobody holds it
        with pytest.raises(KeyboardInterrupt):
            check()


def test_the_handler_of_before_is_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), kept_interrupts():
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_ignored_interrupt_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with kept_interrupts() as check:
            os.kill(os.getpid(), signal.SIGINT)
            check()
    finally:
        signal.signal(signal.SIGINT, before)
