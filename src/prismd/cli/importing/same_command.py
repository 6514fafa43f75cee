"""The command line that does the same again, without a question."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Final

#: Flags of questions by the names of their answers.
_FLAGS: Final = {"header": "--header-lines", "footer": "--footer-rows"}
_WITHOUT_VALUE: Final = {"options": "--create-missing-options"}


def same_command(arguments: Sequence[str], answers: Mapping[str, str], choices: Mapping[str, str]) -> str:
    """Return a command line with the answers that were given to questions.

    Args:
        arguments: The command line as it was given, with the name of the command.
        answers: Answers about the table, by the keys of their questions.
        choices: What columns became that were in doubt, by name.
    """
    given = [
        f"{flag_of(key)} {shlex.quote(_value(key, value))}"
        for key, value in answers.items()
        if key not in _WITHOUT_VALUE
    ]
    given += [_WITHOUT_VALUE[key] for key, value in answers.items() if key in _WITHOUT_VALUE and value == "create"]
    given += [f"--map {shlex.quote(f'{column}={what}')}" for column, what in choices.items()]
    return " ".join([shlex.join(arguments), *given])


def flag_of(key: str) -> str:
    """Return the option that answers a question.

    Args:
        key: Of the question.
    """
    name = key.partition(":")[0]
    return _FLAGS.get(name, f"--{name.replace('_', '-')}")


def _value(key: str, value: str) -> str:
    _, sign, column = key.partition(":")
    return f"{column}={value}" if sign else value
