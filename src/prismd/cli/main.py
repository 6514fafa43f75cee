"""The command ``prismd``: a group that loads a command only when it runs, so that every command starts quickly."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

#: Name -> the command's module and object, and its line in the list of commands.
COMMANDS: Final = {
    "serve": ("prismd.cli.serve:serve_command", "Run the server."),
    "import": (
        "prismd.cli.importing.command:import_command",
        "Import the rows of FILE into a Prism server.",
    ),
    "preview": (
        "prismd.cli.importing.preview:preview_command",
        "Show how FILE is read and what its columns become.",
    ),
    "export": ("prismd.cli.exporting.command:export_command", "Write all records that a query finds to a file."),
    "imports": ("prismd.cli.imports:imports_command", "List, show, watch, cancel, retry and undo import jobs."),
    "mappings": ("prismd.cli.mappings:mappings_command", "List, show and delete the team's saved mappings."),
    "keys": ("prismd.cli.keys:keys_command", "Make, list, rotate and revoke API keys."),
    "audit": ("prismd.cli.audit:audit_command", "Show who did what to what, and when."),
    "worker": (
        "prismd.cli.worker:worker_command",
        "Carry out import jobs of the PostgreSQL at PRISMD_DATABASE_URL.",
    ),
    "doctor": ("prismd.cli.doctor:doctor_command", "Check an installation, and give advice."),
    "backup": ("prismd.cli.backup:backup_command", "Write all that the database holds to FILE."),
    "restore": ("prismd.cli.backup:restore_command", "Load a backup into an empty database."),
    "migrate": ("prismd.cli.migrate:migrate_command", "Bring the database to this prismd's schema."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name, and imports only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        """Return the names, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - Click's signature
        """Import and return a command; None if no command has the name."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - Click's signature
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, meaning) for name, (_, meaning) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Settings come from the environment as PRISMD_…; docs/settings.md lists them.",
)
@click.version_option(package_name="prismd", message="prismd %(version)s")
def main() -> None:
    """Serve the Prism records API yourself, with bulk imports that you can trust.

    Start with `prismd serve`: it brings its own PostgreSQL and prints the settings for clients. Then import a file with
    `prismd import people.csv --type contact --dedupe-by email`.
    """


if __name__ == "__main__":
    main(prog_name="prismd")
