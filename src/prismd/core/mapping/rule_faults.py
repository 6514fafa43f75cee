"""What is wrong with the rules of a mapping: unknown properties, types that do not fit, constants of another type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from prismd.core.mapping.document import MappingDocument, Rule
from prismd.core.mapping.problems import MappingFault
from prismd.core.mapping.step_kinds import step_faults
from prismd.core.mapping.targets import TEXT_TYPES, Target, Targets
from prismd.core.properties.slugs import RESERVED, is_slug
from prismd.core.values.booleans import written_boolean
from prismd.core.values.dates import UnreadableDateError, stored_date
from prismd.core.values.errors import found
from prismd.core.values.numbers import written_number
from prismd.core.wording.quoting import nearest, quoted

#: Looking for the nearest slug is slow; that many wrong ones get a hint.
_HINTS_MAX: Final = 20


def rule_faults(document: MappingDocument, targets: Targets) -> Iterator[MappingFault]:
    """Yield what is wrong with the rules, their columns apart.

    Args:
        document: The mapping.
        targets: The team's properties of the object type.
    """
    ruled, hints = set[str](), _HINTS_MAX
    for rule in document.rules:
        slug = rule.to
        if slug in ruled:
            yield _fault(slug, f"two rules are for {quoted(slug)}; give one rule all of its columns")
        ruled.add(slug)
        target = targets.get(slug)
        if target is None and rule.make is None:
            hint = nearest(slug, targets) if hints > 0 else ""
            hints -= 1
            advice = '; have it made with "make", or leave its columns out'
            yield _fault(slug, f"there is no property {quoted(slug)}{hint or advice}")
            continue
        yield from (_fault(slug, message) for message in _faults_of(rule, target))


def target_of(rule: Rule, targets: Targets) -> Target | None:
    """Return the property of a rule: the one that there is, or the one that is to be made.

    Args:
        rule: The rule.
        targets: The team's properties of the object type.
    """
    there = targets.get(rule.to)
    if there is not None or rule.make is None:
        return there
    return Target(rule.make.type, rule.make.name)


def _fault(slug: str, message: str) -> MappingFault:
    return MappingFault(None, slug, message)


def _faults_of(rule: Rule, there: Target | None) -> Iterator[str]:
    slug, whose = quoted(rule.to), f"the rule for {quoted(rule.to)}"
    target = target_of(rule, {rule.to: there} if there else {})
    if target is None:
        return
    if target.read_only:
        yield f"the property {slug} is read only, set by the server alone; leave its columns out"
    if rule.make is not None:
        yield from _make_faults(rule, there)
    constant = rule.constant is not msgspec.UNSET
    if constant and (rule.columns or rule.steps):
        yield f"{whose} has a constant and {'columns' if rule.columns else 'steps'}; keep one of them"
    elif not constant and not rule.columns:
        yield f'{whose} has no columns; name them under "from", or give it a "constant"'
    if rule.change == "append" and not target.holds_many:
        yield f"{whose} appends, but the property has the type {target.type}, which holds one value"
    if constant:
        yield from _constant_faults(rule, target)
    else:
        yield from step_faults(rule.steps, len(rule.columns), rule.to, target)


def _make_faults(rule: Rule, there: Target | None) -> Iterator[str]:
    slug, make = quoted(rule.to), rule.make
    if make is not None and there is not None and there.type != make.type:
        yield f"the property {slug} is there already with the type {there.type}, not {make.type}; use another slug"
    if not is_slug(rule.to):
        yield f"no property can have the slug {slug}: a slug has up to 64 small letters, digits and underscores"
    elif rule.to in RESERVED and there is None:
        yield f"no property can have the slug {slug}, which means {RESERVED[rule.to]}; use another"


def _constant_faults(rule: Rule, target: Target) -> Iterator[str]:
    values = rule.constant if isinstance(rule.constant, list) else [rule.constant]
    if isinstance(rule.constant, list) and not target.holds_many:
        yield f"the constant of {quoted(rule.to)} is a list, but the property has the type {target.type}"
    for value in values:
        if value is not None and (expected := _constant_problem(value, target)):
            yield f"the constant of {quoted(rule.to)} must be {expected}, not {found(value)}"


def _constant_problem(value: object, target: Target) -> str | None:
    """Return what a constant must be, where it is not that."""
    if target.type == "num":
        number = written_number(value) if isinstance(value, str) else value
        return "a number" if number is None or isinstance(number, bool) else None
    if target.type == "bool":
        truth = written_boolean(value) if isinstance(value, str) else value
        return None if isinstance(truth, bool) else "true or false"
    if target.type == "date" and isinstance(value, str):
        try:
            stored_date(value)
        except UnreadableDateError:
            return "a date such as 2024-05-31"
        return None
    expected = "a date such as 2024-05-31" if target.type == "date" else "a text in quotes"
    if target.type not in TEXT_TYPES and target.type != "date":
        expected = "a text in quotes, or several in a list"
    return None if isinstance(value, str) else expected
