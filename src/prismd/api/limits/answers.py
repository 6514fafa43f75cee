"""The limit of the size of answers: a larger answer is refused before it is assembled in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar, cast

import msgspec

from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.services.idempotency.claims import Answer
from prismd.settings import Settings

_Shape = TypeVar("_Shape", bound=msgspec.Struct)

_ASK_FOR_LESS = "ask for fewer entries, or select fewer properties"
_SEND_LESS = "nothing was written: send fewer items at once, or smaller values"


def entries(shapes: Iterable[_Shape], settings: Settings, *, written: bool = False) -> list[_Shape]:
    """Return the entries of an answer, each encoded as JSON.

    Args:
        shapes: The entries, made one at a time.
        settings: The settings, for the limit of the answer's size.
        written: Whether the request writes; a refusal then undoes the write, and says so.

    Raises:
        PrismdError: ``invalid_request``: the entries together are larger than an answer may be.
    """
    texts: list[msgspec.Raw] = []
    taken = 0
    for shape in shapes:
        text = encode(shape)
        taken += len(text)
        _check(taken, settings, written=written)
        texts.append(msgspec.Raw(text))
    return cast("list[_Shape]", texts)


def within_limits(answer: Answer, settings: Settings, *, written: bool = False) -> Answer:
    """Return an answer, unless it is larger than the limit.

    Args:
        answer: The answer.
        settings: The settings, for the limit of its size.
        written: Whether the request writes; a refusal then undoes the write, and says so.

    Raises:
        PrismdError: ``invalid_request``: the answer is larger.
    """
    _check(len(answer.body), settings, written=written)
    return answer


def _check(taken: int, settings: Settings, *, written: bool) -> None:
    most = settings.answer_bytes_max
    if taken > most:
        message = f"the answer would take more than {most:,} bytes (PRISMD_ANSWER_BYTES_MAX)"
        raise PrismdError("invalid_request", f"{message}; {_SEND_LESS if written else _ASK_FOR_LESS}")
