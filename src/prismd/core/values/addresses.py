"""The form of e-mail addresses and domains, so that no other text becomes one (contract, section 16.4).

The rules require what all mail addresses and host names have in common, in any script. They leave the rest to mail
servers.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from prismd.core.values.blanks import UNSEEN
from prismd.core.values.errors import found

#: The longest mail address (RFC 5321), and the longest host name and part of it (RFC 1035), in characters.
ADDRESS_CHARS_MAX: Final = 254
DOMAIN_CHARS_MAX: Final = 253
LABEL_CHARS_MAX: Final = 63

_UNSEEN: Final = frozenset(UNSEEN)

#: Characters with a meaning around an address; an address has them only in quotes (RFC 5322).
_SPECIAL: Final = frozenset('()<>[]:;@\\,"')


def address_problem(text: str) -> str | None:
    """Return a sentence with the fault of a text that is no e-mail address; None if it is one.

    Args:
        text: A text of any length, without white space at its ends.
    """
    reason = _address_reason(text)
    return reason and f"expected an address such as ada@example.org, found {found(text)}: {reason}"


def domain_problem(text: str) -> str | None:
    """Return a sentence with the fault of a text that is no domain; None if it is one.

    Args:
        text: A text of any length, without white space at its ends.
    """
    reason = _domain_reason(text)
    if reason is None:
        return None
    meant = text.rpartition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].strip(".")
    advice = f"; write {meant}" if _domain_reason(meant) is None else ""
    return f"expected a domain such as example.org, found {found(text)}: {reason}{advice}"


def _address_reason(text: str) -> str | None:
    if len(text) > ADDRESS_CHARS_MAX:
        return f"it has {len(text):,} characters and may have at most {ADDRESS_CHARS_MAX}"
    if reason := _unfit(text):
        return reason
    local, at, domain = text.rpartition("@")
    if not at:
        return "it has no @"
    if not local or not domain:
        return f"nothing stands {'after' if local else 'before'} the @"
    return _local_reason(local) or _domain_reason(domain)


def _local_reason(text: str) -> str | None:
    special = next((char for char in text if char in _SPECIAL), None)
    if special is None or _is_quoted(text):
        return None
    return "it has more than one @" if special == "@" else f"'{special}' stands before the @; send the address alone"


def _domain_reason(text: str) -> str | None:
    if len(text) > DOMAIN_CHARS_MAX:
        return f"it has {len(text):,} characters and may have at most {DOMAIN_CHARS_MAX}"
    if reason := _unfit(text):
        return reason
    foreign = next((char for char in text if char not in "-." and not _is_letter_or_digit(char)), None)
    if foreign is not None:
        return f"'{foreign}' stands in no domain"
    return _labels_reason(text.split("."))


def _labels_reason(labels: list[str]) -> str | None:
    if len(labels) == 1:
        return "a domain has a dot"
    if "" in labels:
        return "a dot stands at an end of the domain, or beside another dot"
    if any(len(label) > LABEL_CHARS_MAX for label in labels):
        return f"a part of the domain has more than {LABEL_CHARS_MAX} characters"
    if any(label[0] == "-" or label[-1] == "-" for label in labels):
        return "a part of the domain begins or ends with a hyphen"
    return "a domain does not end with a number" if labels[-1].isdigit() else None


def _unfit(text: str) -> str | None:
    if text.isprintable() and _UNSEEN.isdisjoint(text):
        return None
    return "it holds white space or characters that cannot be seen"


def _is_quoted(local: str) -> bool:
    """Return whether the whole text is in one pair of quotation marks, which can contain any character."""
    inner = local[1:-1].replace("\\\\", "").replace('\\"', "")
    return len(local) > len('""') and local[0] == local[-1] == '"' and '"' not in inner and "\\" not in inner[-1:]


def _is_letter_or_digit(char: str) -> bool:
    # Many scripts write vowels as marks on letters.
    return char.isalnum() or unicodedata.category(char).startswith("M")
