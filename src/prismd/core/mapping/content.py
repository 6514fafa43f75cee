"""What the cells of a column say: which steps read them, what speaks against a property, and what they may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from prismd.core.mapping.candidates import CONTENT, Candidate
from prismd.core.mapping.document import Column, Make, PlainType, Rule
from prismd.core.mapping.names import name_key, name_words
from prismd.core.mapping.steps import Boolean, Date, Domain, Number, Split, Step
from prismd.core.mapping.targets import SELECT_TYPES, Target, Targets
from prismd.core.tables.columns.forms import NumberForm
from prismd.core.tables.columns.profile import ColumnProfile

_SALUTATIONS: Final = (
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "madam", "herr", "frau", "fraulein", "m", "mme", "mlle",
    "phd", "monsieur", "madame", "sr", "sra", "srta", "don", "dona", "sig", "sigra", "dott", "dottssa", "ing", "dhr",
    "mevr", "mw", "heer", "pan", "pani", "herrn", "drmed",
)  # fmt: skip
#: Kinds that no name of a person, place or job is.
_NO_WORDS: Final = ("email", "url", "date", "datetime", "integer", "number")
_WORDS: Final = (
    "first_name", "last_name", "middle_name", "full_name", "name", "title", "city", "country", "state", "department",
    "seniority", "tagline",
)  # fmt: skip
_DOMAINS: Final = ("primary_domain", "domains")
_EMAILS: Final = ("email",)

# Slug or type of a property -> kinds of which its values must have one.
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(_DOMAINS, ("domain", "url")),
    **dict.fromkeys((*_EMAILS, "ref_contact", "multiref_contact"), ("email",)),
    "phone": ("phone", "integer"),
    "num": ("integer", "number"),
    "date": ("date", "datetime"),
    "bool": ("boolean",),
}
_SITES: Final = ("linkedin", "twitter", "facebook", "github", "crunchbase")

#: Words in the names of columns whose numbers name something, and are not counted with.
_NAMING: Final = frozenset({"id", "ids", "code", "zip", "postal", "phone", "mobile", "fax", "pager", "telex", "plz"})
#: Signs that stand between options; commas, slashes and line breaks stand in ordinary texts as well.
_OF_OPTIONS: Final = ((";",), ("|",))

#: A column with at most that many different values, each of them several times, may have options.
_OPTIONS_MAX: Final = 20
_TEXT_CHARS: Final = 200


def has_cells(column: ColumnProfile) -> bool:
    """Return whether anything is known of the cells of a column."""
    return column.filled > 0


def objection(column: ColumnProfile, slug: str, target: Target) -> str:
    """Return why the cells of a column do not fit a property, or an empty text.

    Args:
        column: The column.
        slug: Of the property.
        target: The property.
    """
    return next(_objections(column, slug, target), "") if has_cells(column) else ""


def _objections(column: ColumnProfile, slug: str, target: Target) -> Iterator[str]:
    kinds = column.kinds
    needed = _NEEDED.get(slug) or _NEEDED.get(target.type, ())
    if needed and kinds.isdisjoint(needed):
        yield f"not all of its values are {_KINDS[needed[0]]}"
    unfit = _NO_WORDS if slug in _WORDS else ("email", "date", "datetime") if slug in _SITES else ()
    yield from (f"its values are {_KINDS[kind]}" for kind in unfit if kind in kinds)
    if slug in _SITES and "url" in kinds and not _on_site(column, slug):
        yield "some of it leads to another site"
    if slug == "title" and _are_all(column, _SALUTATIONS):
        yield "its values stand before names"
    if target.type in SELECT_TYPES and target.options and not _are_options(column, target):
        yield "some of its values are no options of the property"


_KINDS: Final = {
    "email": "e-mail addresses", "url": "web addresses", "domain": "domains or web addresses", "date": "dates",
    "datetime": "moments", "integer": "numbers", "number": "numbers", "boolean": "true or false",
    "phone": "phone numbers",
}  # fmt: skip


def _are_all(column: ColumnProfile, words: Sequence[str]) -> bool:
    return bool(column.examples) and all(name_key(example) in words for example in column.examples)


def _are_options(column: ColumnProfile, target: Target) -> bool:
    known = frozenset(target.options)
    values = (part for cell in column.values or column.examples for part in _parts(cell, column, target))
    return all(value in known for value in values)


def _have_words(column: ColumnProfile) -> bool:
    """Return whether a column has texts that are no numbers, dates or words for nothing, as options are."""
    typed = {"integer", "number", "boolean", "date", "datetime"}
    return not column.kinds & typed and any(one not in column.null_words for one in column.examples)


def _parts(example: str, column: ColumnProfile, target: Target) -> list[str]:
    if example in column.null_words:
        return []
    if not (target.holds_many and column.separators):
        return [example.strip()]
    return [part.strip() for part in example.split(column.separators[0]) if part.strip()]


def by_content(column: ColumnProfile, targets: Targets) -> Iterator[Candidate]:
    """Yield the properties that the cells of a column alone suggest; none of them is sure.

    Args:
        column: A column whose name says nothing.
        targets: The team's properties of the object type.
    """
    if not has_cells(column):
        return
    for kind, slugs in (
        ("email", ("email", "email_addresses")),
        ("domain", ("primary_domain",)),
        ("phone", ("phone",)),
        ("url", tuple(site for site in _SITES if _on_site(column, site))),
    ):
        for slug in slugs if kind in column.kinds else ():
            if slug in targets:
                yield Candidate(slug, CONTENT, f"all of its values are {_KINDS[kind]}", asks="its name says nothing")
    for slug, target in targets.items() if _have_words(column) else ():
        if target.type in SELECT_TYPES and target.options and not target.read_only and _are_options(column, target):
            yield Candidate(
                slug, CONTENT, "all of its values are options of the property", asks="its name says nothing"
            )


def _on_site(column: ColumnProfile, site: str) -> bool:
    hosts = (f"{site}.com", "x.com") if site == "twitter" else (f"{site}.com",)
    texts = (example.lower() for example in column.examples if example not in column.null_words)
    return bool(column.examples) and all(any(host in text for host in hosts) for text in texts)


def steps_for(column: ColumnProfile, slug: str, target: Target) -> tuple[tuple[Step, ...], str]:
    """Return the steps that read the cells of a column for a property, and what a person must say about them first.

    Args:
        column: The column.
        slug: Of the property.
        target: The property.
    """
    if target.type == "date" and column.date_forms:
        form = column.date_forms[0]
        asks = "its dates can be read in several orders" if len(column.date_forms) > 1 else ""
        return (Date(form.order, form.century_from),), asks
    if target.type == "num" and column.number_forms:
        return _number_step(column.number_forms)
    if target.type == "bool" and column.boolean_words:
        true, false = column.boolean_words
        return (Boolean((true,), (false,)),), ""
    domain = (Domain(),) if slug in _DOMAINS else ()
    if target.holds_many and column.separators:
        asks = "its cells may hold several values, by more than one sign" if len(column.separators) > 1 else ""
        return (Split(column.separators[0]), *domain), asks
    return domain, ""


def _number_step(forms: tuple[NumberForm, ...]) -> tuple[tuple[Step, ...], str]:
    form = forms[0]
    currency = (form.currency,) if form.currency else ()
    step = Number(form.decimal, form.thousands, currency, "whole" if form.percent else "refuse")
    if len(forms) > 1:
        return (step,), "its numbers can be read in several ways"
    if form.currency:
        return (step,), f"the property holds numbers, without their currency {form.currency}"
    return (step,), "its percent signs can mean 5 or 0.05" if form.percent else ""


def column_of(column: ColumnProfile, nth: int | None) -> str | Column:
    """Return a column as documents name it, with its words for nothing.

    Args:
        column: The column.
        nth: Which one it is of those with its name; None where there is one.
    """
    if nth is None and not column.null_words:
        return column.name
    return Column(column.name, nth, null_words=column.null_words or None)


def made_property(column: ColumnProfile, slug: str, name: str, wanted: str | Column, *, plain: bool = False) -> Rule:
    """Return the rule by which a column gets a property of its own, of the type that its cells have.

    Args:
        column: The column.
        slug: Of the new property.
        name: Of the new property, for people.
        wanted: The column as documents name it.
        plain: Whether texts stay texts, and are no options.
    """
    make = Make(name, _type_for(column, plain=plain))
    steps, _ = steps_for(column, slug, Target(make.type, make.name))
    return Rule(slug, (wanted,), steps, make=make)


def _type_for(column: ColumnProfile, *, plain: bool) -> PlainType:
    kinds = column.kinds
    if not has_cells(column) or kinds & {"email", "url", "domain", "phone"}:
        return "str"
    if kinds & {"date", "datetime"}:
        return "date"
    if kinds & {"integer", "number"}:
        # A sign of currency or percent is part of what the cell says, so the text is kept.
        signed = any(form.currency or form.percent for form in column.number_forms[:1])
        return "str" if signed or _NAMING & set(name_words(column.name)) else "num"
    if "boolean" in kinds and column.boolean_words:
        return "bool"
    return _type_of_texts(column, plain=plain)


def _type_of_texts(column: ColumnProfile, *, plain: bool) -> PlainType:
    if any(len(example) > _TEXT_CHARS or "\n" in example for example in column.examples):
        return "text"
    if plain or column.distinct > _OPTIONS_MAX or column.distinct_is_least or 3 * column.distinct > column.filled:
        return "str"
    return "multiselect_str" if column.separators[:1] in _OF_OPTIONS else "select_str"
