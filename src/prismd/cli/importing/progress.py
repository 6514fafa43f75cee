"""The progress of an import: a bar on a terminal, or a plain line every few seconds elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

#: Seconds between two plain lines.
_LINE_EVERY_S: Final = 5.0


class Meter(Protocol):
    """Shows the progress of one task after another."""

    def begin(self, what: str, total: int, unit: str) -> None:
        """Begin a task of ``total`` ``unit``, such as 100 rows."""

    def show(self, done: int, note: str = "") -> None:
        """Show how much is done, with a short note."""

    def close(self) -> None:
        """Stop showing progress."""


class LineMeter:
    """Plain lines, at most one every few seconds.

    Args:
        stream: The stream to write to.
        monotonic: Returns seconds that never step back.
    """

    def __init__(self, stream: IO[str], monotonic: Callable[[], float]) -> None:
        self._stream = stream
        self._monotonic = monotonic
        self.begin("", 0, "")

    def begin(self, what: str, total: int, unit: str) -> None:
        """Begin a task."""
        self._what, self._total, self._unit = what, total, unit
        self._began = self._last = self._monotonic()
        self._done_at_first: int | None = None

    def show(self, done: int, note: str = "") -> None:
        """Write a line, if the last one is old enough."""
        if self._done_at_first is None:
            self._done_at_first = done
        now = self._monotonic()
        if now - self._last < _LINE_EVERY_S:
            return
        self._last = now
        rate = (done - self._done_at_first) / (now - self._began)
        left = f", {(self._total - done) / rate:,.0f} s left" if rate and self._total else ""
        words = f", {note}" if note else ""
        self._stream.write(
            f"{self._what}: {done:,} of {self._total:,} {self._unit}, {rate:,.0f} {self._unit}/s{left}{words}\n"
        )
        self._stream.flush()

    def close(self) -> None:
        """Do nothing, because each line is complete."""


class BarMeter:
    """A progress bar with rate and time left.

    Args:
        stream: The terminal.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._bar: Progress | None = None

    def begin(self, what: str, total: int, unit: str) -> None:
        """Replace the last bar by a new one."""
        # Rich takes a tenth of a second to load, so load it only where a bar is shown.
        from rich.console import Console  # noqa: PLC0415 - see above
        from rich.progress import Progress  # noqa: PLC0415 - see above

        self.close()
        self._bar = Progress(*_bar_columns(unit), console=Console(file=self._stream), transient=True)
        self._bar.add_task(what, total=total or None, note="")
        self._bar.start()

    def show(self, done: int, note: str = "") -> None:
        """Move the bar."""
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=done, note=note)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar:
            self._bar.stop()
            self._bar = None


def _bar_columns(unit: str) -> list[ProgressColumn]:
    from rich.progress import (  # noqa: PLC0415 - loaded only where a bar is shown
        BarColumn,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text  # noqa: PLC0415 - as above

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed or 0:,.0f} {unit}/s", style="progress.data.speed")

    return [
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} " + unit),
        Rate(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}", style="dim"),
    ]


def meter_for(stream: IO[str], monotonic: Callable[[], float]) -> Meter:
    """Return a bar for a terminal, or plain lines for another stream.

    Args:
        stream: The stream to write to, usually standard error.
        monotonic: Returns seconds that never step back.
    """
    return BarMeter(stream) if stream.isatty() else LineMeter(stream, monotonic)
