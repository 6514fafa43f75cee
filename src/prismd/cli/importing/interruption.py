"""Ctrl-C while the server is at work on a job: leave it running, or cancel it."""

from __future__ import annotations

import sys

import click

from prismd.importer.calls import ClientError, PrismClient
from prismd.importer.jobs import cancel_job


def on_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def settle(client: PrismClient, job_id: str) -> str:
    """Ask once what shall become of a job whose import is interrupted, do it, and return what is to be said.

    Args:
        client: The server that runs the job.
        job_id: The job.

    Raises:
        KeyboardInterrupt: Ctrl-C again; the job is left as it is.
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
