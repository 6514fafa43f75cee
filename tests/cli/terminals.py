"""The real command on a terminal, which answers its questions."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PROMPT = b"Enter takes 1: "
_SILENCE_S = 90.0


def on_terminal(
    arguments: Sequence[str | Path], answers: Sequence[str], environment: Mapping[str, str], directory: Path
) -> tuple[int, str]:
    """Run the command on a terminal, and return its exit code and what it printed.

    Args:
        arguments: Of the command.
        answers: To its questions, in turn; the last one answers all further ones.
        environment: Of the process.
        directory: In which it runs.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(directory)
        program = [sys.executable, "-P", "-m", "prismd.cli.main", *map(str, arguments)]
        os.execve(sys.executable, program, {"PATH": os.environ["PATH"], **environment})  # noqa: S606 - our own command
    said, answered = b"", 0
    while select.select([terminal], [], [], _SILENCE_S)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the terminal of a process that has ended
            break
        said += piece
        if said.endswith(PROMPT) and said.count(PROMPT) > answered:
            answer = answers[min(answered, len(answers) - 1)]
            answered = said.count(PROMPT)
            os.write(terminal, f"{answer}\n".encode())
    return _ended(pid), said.decode()


def _ended(pid: int) -> int:
    for _ in range(100):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("the command waits for more than it was told")
