"""Ctrl-C while the server works on a job: leave it running, or cancel it."""

from __future__ import annotations

import sys

import click

from prismd.importer.calls import ClientError, PrismClient
from prismd.importer.jobs import cancel_job


def on_terminal() -> bool:
    """Return whether a person can answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


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
