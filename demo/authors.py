"""Real people: the authors and maintainers named by the Python distributions installed on this machine."""

from __future__ import annotations

from email.utils import getaddresses
from importlib.metadata import Distribution, distributions


def contacts() -> list[dict[str, str]]:
    """Return one contact per mention of an address, in the order of the distributions' names.

    Who wrote several distributions is there several times: to find that out is the server's work.
    """
    ordered = sorted(distributions(), key=lambda one: one.name.lower())
    return [contact for distribution in ordered for contact in _people_of(distribution)]


def _people_of(distribution: Distribution) -> list[dict[str, str]]:
    found = []
    for role in ("Author", "Maintainer"):
        for name, email in getaddresses(distribution.metadata.get_all(f"{role}-email") or []):
            if "@" in email:
                contact = {"email": email, "title": role, "description": f"{role} of {distribution.name}"}
                # A name that is missing stays missing: an empty text would claim that there is none.
                found.append({"full_name": name} | contact if name else contact)
    return found
