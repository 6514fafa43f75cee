"""The options about tables, which `prismd import` and `prismd preview` share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, TypeVar

import click

from prismd.core.properties.schema import IMPORTABLE_TYPES
from prismd.files.formats import FORMATS
from prismd.files.standard_input import NAME, SHOWN, kept

_Command = TypeVar("_Command", bound=Callable[..., Any])

type_option: Final = click.option(
    "--type", "object_type", required=True, type=click.Choice(IMPORTABLE_TYPES), help="What the rows are."
)

#: The names of a header may also stand one column too far left.
_HEADER: Final = click.Choice([*map(str, range(21)), "shifted"])

_OPTIONS: Final = (
    click.option("--format", "form", type=click.Choice(FORMATS), help="Format of the file.  [default: by its content]"),
    click.option("--encoding", default="utf-8", show_default="found, or utf-8", help="Encoding of the file."),
    click.option("--delimiter", metavar="CHAR", help="Sign between CSV cells.  [default: found]"),
    click.option("--quote", metavar="CHAR", help="Sign around CSV cells; none where there is none.  [default: found]"),
    click.option("--sheet", metavar="NAME", help="Sheet of a workbook.  [default: the only visible one with cells]"),
    click.option("--member", metavar="NAME", help="File of a ZIP archive.  [default: the only one]"),
    click.option("--skip-rows", type=click.IntRange(0), metavar="N", help="Lines above the table.  [default: found]"),
    click.option("--header-lines", type=_HEADER, metavar="N", help="Rows of the header; 0 for none."),
    click.option("--footer-rows", type=click.IntRange(0), metavar="N", help="Rows at the end that are none."),
    click.option("--short-rows", type=click.Choice(["refused", "blank"]), help="What missing cells of a row are."),
    click.option("--table", type=click.IntRange(1), metavar="N", help="Which of several tables in the file."),
    click.option("--columns", multiple=True, metavar="A,B", help="Import these columns alone, by name or position."),
    click.option(
        "--date-format",
        multiple=True,
        metavar="[COLUMN=]ORDER",
        help="Order of dates: ymd, dmy or mdy.  [default: as all dates of the column prove]",
    ),
    click.option("--century", multiple=True, metavar="[COLUMN=]YEAR", help="First year of years of two digits."),
    click.option("--decimal", multiple=True, metavar="[COLUMN=]SIGN", help="Sign before decimals: . or ,"),
    click.option(
        "--null",
        "null",
        multiple=True,
        metavar="[clear|keep|[COLUMN=]blank|text]",
        help="What null in JSON does to a matched record: clear (default) or keep. What words such as N/A in a table "
        "are: blank for no value, or text.",
    ),
    click.option(
        "--map",
        multiple=True,
        metavar="FILE|NAME|COLUMN=SLUG",
        help="A mapping of all columns, or what one column becomes: a property, +SLUG for a new one, - for nothing.",
    ),
    click.option("--save-mapping", metavar="NAME", help="Save the mapping under this name, for --map and later files."),
    click.option("--append", multiple=True, metavar="SLUG", help="Add the values to those of matched records."),
    click.option("--make-properties", is_flag=True, help="Make a property for each column that has none."),
    click.option(
        "--ignore-unknown-columns",
        is_flag=True,
        help="Leave out CSV columns that are no property, are read only, or have no name.",
    ),
)


def table_options(command: _Command) -> _Command:
    """Give a command the options about tables.

    Args:
        command: The function of the command.
    """
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@contextmanager
def kept_file(given: Path, stream: IO[bytes]) -> Iterator[Path]:
    """Give the path of the file to read: of a temporary one with standard input for ``-``.

    Args:
        given: The argument of the command.
        stream: Standard input.

    Raises:
        FileProblemError: There is no room for it.
    """
    if given != NAME:
        yield given
        return
    with kept(stream) as path:
        yield path


def shown_name(given: Path) -> str:
    """Return the name of the file in messages.

    Args:
        given: The argument of the command.
    """
    return SHOWN if given == NAME else str(given)
