"""The domain of a web address, as the property of a company holds it."""

from __future__ import annotations

import re
from typing import Final

from prismd.core.values.addresses import domain_problem
from prismd.core.values.blanks import trimmed

_SCHEME: Final = re.compile(r"(?i)(?:https?:)?//")
_ANY_SCHEME: Final = re.compile(r"(?i)[a-z][a-z0-9+.-]*:(?!\d)")
_END: Final = re.compile(r"[/?#]")
_PORT: Final = re.compile(r":\d{1,5}$", re.ASCII)
_WWW: Final = "www."


class NoDomainError(ValueError):
    """A text is neither a web address nor a domain; the message says why."""


def domain_of(text: str, *, keep_www: bool = False) -> str:
    """Return the domain of a web address, in lower case.

    Args:
        text: A web address with or without its scheme, or a domain.
        keep_www: Whether a first part ``www`` belongs to the domain.

    Raises:
        NoDomainError: There is no domain in it.
    """
    text = trimmed(text)
    scheme = _SCHEME.match(text)
    if scheme is None and _ANY_SCHEME.match(text):
        raise NoDomainError("it is no web address, which begins with http:// or https://")
    host = _PORT.sub("", _END.split(text[scheme.end() if scheme else 0 :], maxsplit=1)[0])
    if "@" in host:
        raise NoDomainError("it is an e-mail address" if scheme is None else "it holds the name of a user")
    host = host.lower().removesuffix(".")
    # "www.de" is a domain of its own.
    if not keep_www and host.startswith(_WWW) and "." in host.removeprefix(_WWW):
        host = host.removeprefix(_WWW)
    problem = domain_problem(host)
    if problem is not None:
        raise NoDomainError(problem.rpartition(": ")[2].partition("; write ")[0])
    return host
