"""Figures as they are printed and kept: each next to what it is measured against, and to its target."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

_BEGIN: Final = "<!-- figures -->"
_END: Final = "<!-- end of figures -->"
_HEADINGS: Final = ("", "median", "lowest to highest", "next to", "ratio", "target", "")
_HUNDRED: Final = 100
_TEN: Final = 10


@dataclass(frozen=True, slots=True)
class Peer:
    """What a figure is measured against, in the same run.

    Args:
        name: What it is.
        values: What it reached, a value a run, in the unit of the figure.
    """

    name: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure shall be.

    Args:
        bound: At least this, or below it.
        at_least: Which of the two.
        of_ratio: Whether the ratio is meant, and not the figure.
    """

    bound: float
    at_least: bool = True
    of_ratio: bool = False

    def text(self, unit: str) -> str:
        """Return the target as people read it."""
        what = _ratio_text(self.bound) if self.of_ratio else f"{_number(self.bound)} {unit}"
        return f"{'at least' if self.at_least else 'below'} {what}"

    def holds(self, value: float) -> bool:
        """Say whether a value, or ratio, is as it shall be."""
        return value >= self.bound if self.at_least else value < self.bound


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Args:
        section: Heading under which it stands.
        name: What was measured.
        unit: Of its values.
        values: A value a run; none where it could not be measured, and the note says why.
        peer: What it is measured against.
        target: What it shall be.
        note: What else must be known.
        details: Further numbers by name, for the JSON and below the name.
    """

    section: str
    name: str
    unit: str
    values: Sequence[float]
    peer: Peer | None = None
    target: Target | None = None
    note: str = ""
    details: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """The figure divided by what it is measured against: run by run where both were measured together."""
        if self.peer is None or not self.peer.values or not self.values:
            return None
        if len(self.peer.values) == len(self.values):
            pairs = zip(self.values, self.peer.values, strict=True)
            return statistics.median(mine / other for mine, other in pairs)
        return statistics.median(self.values) / statistics.median(self.peer.values)

    @property
    def holds(self) -> bool | None:
        """Whether the target is reached; None where there is none, or nothing was measured."""
        if self.target is None or not self.values:
            return None
        value = self.ratio if self.target.of_ratio else statistics.median(self.values)
        return None if value is None else self.target.holds(value)

    def json(self) -> dict[str, Any]:
        """Return what is kept of it."""
        peer = self.peer and {"name": self.peer.name, "values": list(self.peer.values)}
        return {
            "section": self.section, "name": self.name, "unit": self.unit, "values": list(self.values),
            **(_spread(self.values) if self.values else {}), "peer": peer, "ratio": self.ratio,
            "target": self.target and self.target.text(self.unit), "holds": self.holds,
            "note": self.note, "details": self.details,
        }  # fmt: skip

    def cells(self) -> list[str]:
        """Return its line of the table."""
        name = self.name + "".join(f"; {key} {_number(value)}" for key, value in self.details.items())
        if not self.values:
            return [name, f"not measured: {self.note}", *[""] * 5]
        spread, peer, ratio = _spread(self.values), "", ""
        if self.peer is not None and self.peer.values:
            peer = f"{self.peer.name}: {_number(statistics.median(self.peer.values))}"
        if self.ratio is not None:
            ratio = _ratio_text(self.ratio)
        target = self.target.text(self.unit) if self.target else ""
        judged = {True: "holds", False: "**missed**", None: ""}[self.holds]
        middle = f"{_number(spread['median'])} {self.unit}"
        extremes = f"{_number(spread['min'])} to {_number(spread['max'])}" if len(self.values) > 1 else ""
        return [name + (f" ({self.note})" if self.note else ""), middle, extremes, peer, ratio, target, judged]


def show(figures: Sequence[Figure]) -> None:
    """Print the figures."""
    for section in dict.fromkeys(figure.section for figure in figures):
        table = Table(*_HEADINGS, title=section, title_justify="left")
        for figure in figures:
            if figure.section == section:
                table.add_row(*(cell.replace("**", "") for cell in figure.cells()))
        Console(width=max(160, Console().width)).print(table)


def write_page(page: Path, figures: Sequence[Figure], machine: dict[str, Any]) -> None:
    """Put the figures between the marks of a page, in place of what stood there.

    Args:
        page: Markdown with both marks.
        figures: The figures.
        machine: What they were measured on, by name.
    """
    before, _, rest = page.read_text().partition(_BEGIN)
    _, mark, after = rest.partition(_END)
    if not mark:
        raise ValueError(f"{page} lacks the marks {_BEGIN} and {_END}")
    page.write_text(f"{before}{_BEGIN}\n\n{_markdown(figures, machine)}\n{_END}{after}")


def _markdown(figures: Sequence[Figure], machine: dict[str, Any]) -> str:
    lines = [", ".join(f"{name}: {value}" for name, value in machine.items()), ""]
    for section in dict.fromkeys(figure.section for figure in figures):
        lines += [f"### {section}", "", _line(_HEADINGS), "|" + "---|" * len(_HEADINGS)]
        lines += [_line(figure.cells()) for figure in figures if figure.section == section]
        lines.append("")
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def _number(value: float) -> str:
    if value >= _HUNDRED:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= _TEN else f"{value:.2f}"


def _ratio_text(ratio: float) -> str:
    return f"{ratio:.0%}" if ratio < _TEN else f"{ratio:,.0f} times"
