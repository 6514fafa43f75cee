"""How commands about files end without a result: one line on standard error, and an exit code."""

from __future__ import annotations

from typing import Final

import click

COULD_NOT_RUN: Final = 2
IN_DOUBT: Final = 3


class OneLineCommand(click.Command):
    """A command that reports every refusal in one line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line, and end the command where it is wrong."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            name = self.name or ""
            complain(name, f"{error.format_message().rstrip('.')}; `prismd {name} --help` lists the options")
            ctx.exit(COULD_NOT_RUN)


def shown(line: str) -> str:
    """Return a line that changes nothing of the terminal, whatever a file holds.

    Args:
        line: Text for people, with names and cells of a file in it.
    """
    return line if line.isprintable() else "".join(sign if sign.isprintable() else "\ufffd" for sign in line)


def complain(command: str, sentence: str) -> None:
    """Print why a command cannot go on.

    Args:
        command: Its name.
        sentence: Why, and what to do.
    """
    click.echo(shown(f"prismd {command}: {' '.join(sentence.split())}"), err=True)
