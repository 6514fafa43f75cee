"""Ctrl-C while the server works on a job: it is never lost, and the job goes on or is cancelled."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click

from prismd.importer.calls import ClientError, PrismClient
from prismd.importer.jobs import cancel_job


def on_terminal() -> bool:
    """Return whether a person can answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


@contextmanager
def kept_interrupts() -> Iterator[Callable[[], None]]:
    """Give a function that raises KeyboardInterrupt if Ctrl-C was pressed, also where Python has dropped it.

    Python drops what is raised while an object is destroyed, such as the rest of a stream that nobody reads any more.
    So a Ctrl-C at that moment would have no effect.
    """
    pressed = False

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        signal.default_int_handler(number, frame)

    def check() -> None:
        if pressed:
            raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield check  # the caller's shell has it ignored, or somebody else handles it
        return
    signal.signal(signal.SIGINT, press)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def settle(client: PrismClient, job_id: str) -> str:
    """Ask once whether to cancel the job of an interrupted import, do so, and return a sentence about it.

    Args:
        client: The server that runs the job.
        job_id: The job.

    Raises:
        KeyboardInterrupt: The user pressed Ctrl-C again; the job keeps running.
    """
    resume = "the same command again goes on with it and doubles nothing"
    try:
        if not on_terminal() or not click.confirm("\nCancel the job on the server?", default=False, err=True):
            return f"job {job_id} goes on on the server; `prismd imports cancel {job_id}` stops it, {resume}"
    except click.Abort:
        raise KeyboardInterrupt from None
    try:
        job = cancel_job(client, job_id)
    except ClientError as error:
        return f"job {job_id} could not be cancelled ({error}); {resume}"
    return (
        f"job {job_id} is cancelled, {job.get('processed', 0):,} of its {job.get('total', 0):,} rows are done; "
        f"`prismd imports retry {job_id} --not-attempted` runs the others"
    )
