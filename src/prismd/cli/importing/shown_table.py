"""A table in words: how it is read, what its columns hold, and what they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from prismd.core.mapping.proposal import Proposal
from prismd.core.tables.columns.profile import ColumnProfile
from prismd.core.tables.dialects.dialect import Dialect
from prismd.files.deciding.table_reading import OpenedTable

_EXAMPLES: Final = 3
_EXAMPLE_CHARS: Final = 24
_NAME_CHARS: Final = 28
#: The most telling kind first.
_KINDS: Final = ("email", "url", "domain", "date", "datetime", "boolean", "integer", "number", "phone", "json", "text")
_SIGNS: Final = {"\t": "a tab", " ": "a blank"}


def table_lines(opened: OpenedTable) -> Iterator[str]:
    """Yield how a table is read, with the proof of what was found.

    Args:
        opened: The table.
    """
    profile = opened.profile
    how = [opened.form.upper(), f"{len(profile.columns)} columns"]
    if opened.content.packing:
        how.append(f"packed by {opened.content.packing}")
    if opened.content.member:
        how.append(f'the file "{opened.content.member}" of the archive')
    if profile.dialect is not None:
        how += [profile.encoding.upper(), f"{_sign(profile.dialect)} between cells"]
    how.append(
        f"header of {profile.header_lines} lines"
        if profile.header_lines != 1
        else f"header in line {max(profile.first_line, 1)}"
    )
    yield ", ".join(how) + "."
    for decision in profile.decisions:
        if decision.evidence and decision.evidence != "given":
            where = f'column "{decision.column}", ' if decision.column is not None else ""
            yield f"  {where}{decision.name} {decision.value!r}: {decision.evidence}."
    yield from (f"  {note}" for note in opened.notes)


def column_lines(columns: Sequence[ColumnProfile], taken: Mapping[int, Proposal]) -> Iterator[str]:
    """Yield a line for each column: what it holds, and what it becomes.

    Args:
        columns: Of the table.
        taken: What they become, by position; a column that is missing is in doubt.
    """
    width = min(_NAME_CHARS, max((len(column.name) for column in columns), default=0))
    for at, column in enumerate(columns):
        name = _cut(column.name or f"column {at + 1}", _NAME_CHARS)
        yield f"  {name:<{width}}  {_becomes(taken.get(at))}"
        yield f"  {'':<{width}}    {_holds(column)}"


def _holds(column: ColumnProfile) -> str:
    if not column.filled:
        return "no values"
    kind = next((kind for kind in _KINDS if kind in column.kinds), "text")
    share = f"{column.filled / column.rows:.0%} filled" if column.rows else "filled"
    least = "at least " if column.distinct_is_least else ""
    words = [kind, share, "no two alike" if column.unique else f"{least}{column.distinct:,} different"]
    shown = ", ".join(f'"{_cut(example, _EXAMPLE_CHARS)}"' for example in column.examples[:_EXAMPLES])
    return f"{', '.join(words)}: {shown}"


def _becomes(proposal: Proposal | None) -> str:
    if proposal is None:
        return "? in doubt"
    if proposal.rule is None:
        what = "left out" if proposal.kind == "leave_out" else "nothing, as it is empty"
        return f"-  {what} ({proposal.reason})"
    new = f" (new, {proposal.rule.make.type})" if proposal.rule.make else ""
    return f"-> {proposal.slug}{new}  ({proposal.reason})"


def _sign(dialect: Dialect) -> str:
    return _SIGNS.get(dialect.delimiter, f'"{dialect.delimiter}"')


def _cut(text: str, chars: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= chars else f"{text[: chars - 1]}…"
