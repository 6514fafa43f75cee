"""The failure of a command: one line on standard error, and a non-zero exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click
import psycopg

from prismd.database_errors import DatabaseUnusableError
from prismd.services.api_keys.api_keys import KeyRefusedError
from prismd.settings import SettingError


class Failure(click.ClickException):
    """A failure with one line for people; Click prints it and exits with 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line to standard error, after ``prismd:``."""
        click.echo(f"prismd: {self.message}", err=True, file=file)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn errors that a person can fix, in a setting, a key or the database, into one line without a traceback.

    Raises:
        Failure: The error, as one line.
    """
    try:
        yield
    except (DatabaseUnusableError, SettingError, KeyRefusedError) as error:
        raise Failure(str(error)) from error
    except psycopg.Error as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise Failure(f"PostgreSQL does not do what it is asked: {reason}") from error
