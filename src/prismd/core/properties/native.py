"""The native properties and options, which every team has from the start (contract, section 17).

Their ids are derived from the names in these tables, so they are the same in every team, version and installation.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import MappingProxyType
from typing import Final
from uuid import UUID, uuid5

from prismd.core.properties.roles import DAY_ROLE
from prismd.core.properties.schema import OBJECT_TYPES, ObjectSchema, Option, Property

#: The namespace of native ids. It must never change, because clients and stored records keep the ids.
_ID_SPACE: Final = UUID("6f0c8f3e-3c0b-5d5e-9a53-0b1f5c3a7d11")

#: Properties of every type that only the server sets.
_AUDIT: Final = {"date": "created_at updated_at last_updated_at", "ref_user": "created_by updated_by"}

#: Further properties of every type, which clients can write.
_COMMON: Final = {"date": "source_created_at"}

# Object type -> the wire's type name -> slugs. If the contract publishes no type, the type is prismd's choice.
_PROPERTIES: Final[dict[str, dict[str, str]]] = {
    "contact": {
        "str": "full_name first_name last_name name email title city country linkedin twitter github photo_url",
        "text": "description",
        "select_str": "seniority status",
        "multiselect_str": "department tags labels",
        "date": "first_interaction_date last_interaction_date",
        "ref_organization": "company",
        "ref_identity": "strongest_connection",
        "ref_event": "next_calendar_event",
        "ref_message": "first_email last_email",
        "multiref_identity": "mutual_connections",
        "multiref_action": "actions",
        "multiref_document": "documents",
    },
    "identity": {
        "str": "full_name first_name middle_name last_name title tagline phone linkedin twitter github crunchbase"
        " photo_url banner_image city state country address_1 address_2 zip_code org_chart source_system"
        " source_record_id",
        "text": "about summary",
        "select_str": "relationship_strength seniority status",
        "multiselect_str": "department tags labels",
        "multi_str": "roles skills_and_interests",
        "num": "years_of_experience facebook_likes linkedin_followers twitter_followers",
        "bool": "first_degree",
        "date": "birthday first_interaction_date last_interaction_date linkedin_connection_since",
        "ref_event": "next_calendar_event last_calendar_event",
        "ref_message": "first_email last_email",
        "multiref_contact": "email_addresses",
        "multiref_organization": "companies work_history",
        "multiref_action": "actions",
        "multiref_document": "documents",
    },
    "organization": {
        "str": "name primary_domain tagline logo_url banner_url linkedin twitter crunchbase facebook city state country"
        " address_1 address_2 zip_code source applying_to org_chart role_seniority source_system source_record_id",
        "text": "about summary notes next_steps lost_reason dropped_out_reason rejected_reason pass_reason",
        "multi_str": "domains",
        "select_str": "type operating_status status stage priority health relationship_strength employee_range"
        " estimated_annual_revenue_range last_funding_round investor_type",
        "multiselect_str": "categories labels sectors_invested rounds_led rounds_participated",
        "num": "employee_count founded_year estimated_annual_revenue arr valuation market_cap funding_raised"
        " last_funding_amount deal_value likelihood_to_close aum fund_size check_size investment_amount facebook_likes"
        " linkedin_followers twitter_followers",
        "date": "last_funding_round_date start_date close_date last_interaction_date",
        "ref_event": "last_calendar_event",
        # The contract has no type for several users; an account is the closest one.
        "multiref_account": "team",
    },
    "deal": {
        "str": "name",
        "select_str": "status",
        "num": "amount",
        "ref_organization": "company",
        "multiref_identity": "people",
    },
    "action": {
        "str": "title",
        "select_str": "status",
        "bool": "recommended",
    },
    "document": {
        "str": "title",
        "text": "description content",
        "select_str": "status document_type meeting_doc_type",
        "bool": "is_user_dossier is_system_dossier",
        "multiref_identity": "people",
        "multiref_organization": "companies",
    },
    # The contract names no properties of engagements, which are logged interactions: calls, meetings, messages, notes.
    "engagement": {
        "str": "title location",
        "text": "summary notes",
        "select_str": "type status direction outcome",
        "multiselect_str": "labels",
        "num": "duration_minutes",
        "date": "date start end",
        "ref_user": "owner",
        "ref_event": "event",
        "multiref_identity": "people",
        "multiref_organization": "companies",
        "multiref_contact": "contacts",
        "multiref_document": "documents",
        "multiref_action": "actions",
    },
    "comment": {
        "text": "body",
        "multiref_identity": "people",
        "multiref_organization": "companies",
    },
    "event": {
        "str": "name location meeting_recording_url",
        "text": "summary",
        "multi_str": "entry_points",
        "select_str": "status",
        "bool": "all_day",
        "date": "start end",
        "ref_contact": "organizer creator",
        "multiref_attendee": "attendees",
    },
}

# Object type -> slug -> the reference of another type that this property shows from the other side. Such a property
# stores no values, so the two sides cannot disagree.
_INVERSES: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "organization": {
        "contacts": ("contact", "company"),
        "people": ("identity", "companies"),
    },
    "contact": {"identities": ("identity", "email_addresses")},
}

#: Dates that are days, so that a time and an offset in sent values are dropped; all other dates are moments.
_DAYS: Final = frozenset(
    {"birthday", "linkedin_connection_since", "last_funding_round_date", "start_date", "close_date"}
)

_ROUNDS: Final = (
    "pre_seed seed series_a series_b series_c series_d series_e_or_later growth bridge debt grant private_equity ipo"
)

# Slug, or type and slug, of a select property -> its options in order. Select properties that are absent here (tags,
# labels, categories, sectors) have no options at first, because those differ from team to team.
_OPTIONS: Final = {
    "seniority": "intern entry senior manager director vp head c_suite partner founder owner",
    "department": "engineering product design marketing sales customer_success support operations finance legal"
    " human_resources it research executive other",
    "relationship_strength": "none weak good strong very_strong",
    "contact.status": "new active inactive do_not_contact",
    "identity.status": "new active inactive do_not_contact",
    "type": "prospect customer partner supplier investor competitor nonprofit education government other",
    "operating_status": "active acquired closed public",
    "organization.status": "new active inactive archived",
    "stage": "lead contacted qualified evaluation proposal negotiation won lost",
    "priority": "low medium high urgent",
    "health": "good at_risk poor",
    "employee_range": "1_10 11_50 51_200 201_500 501_1000 1001_5000 5001_10000 10001_or_more",
    "estimated_annual_revenue_range": "under_1m 1m_10m 10m_50m 50m_100m 100m_500m 500m_1b over_1b",
    "last_funding_round": _ROUNDS,
    "rounds_led": _ROUNDS,
    "rounds_participated": _ROUNDS,
    "investor_type": "angel accelerator venture_capital corporate_venture private_equity family_office"
    " fund_of_funds government other",
    "deal.status": "no_stage lead qualified proposal negotiation won lost",
    "action.status": "todo in_progress done cancelled",
    "document.status": "draft in_review published archived",
    "document_type": "note snippet prompt_template meeting_document dossier report file other",
    "meeting_doc_type": "meeting_notes summary transcript",
    "engagement.type": "call meeting email message note visit other",
    "engagement.status": "planned completed missed cancelled",
    "direction": "inbound outbound",
    "outcome": "positive neutral negative no_answer follow_up",
    # Clients of the contract use both spellings of the third option, and the last option too.
    "event.status": "confirmed tentative canceled cancelled no",
}

# Names and labels for people that differ from the slug with spaces and a capital.
_NAMES: Final = {
    "linkedin": "LinkedIn",
    "github": "GitHub",
    "arr": "ARR",
    "aum": "Assets under management",
    "photo_url": "Photo URL",
    "logo_url": "Logo URL",
    "banner_url": "Banner URL",
    "meeting_recording_url": "Meeting recording URL",
    "linkedin_followers": "LinkedIn followers",
    "linkedin_connection_since": "LinkedIn connection since",
    "address_1": "Address line 1",
    "address_2": "Address line 2",
    "source_record_id": "Source record ID",
    "vp": "VP",
    "it": "IT",
    "ipo": "IPO",
    "c_suite": "C-suite",
    "todo": "To do",
    "nonprofit": "Non-profit",
    "pre_seed": "Pre-seed",
    **{f"series_{letter}": f"Series {letter.upper()}" for letter in "abcd"},
    "series_e_or_later": "Series E or later",
    "1_10": "1-10",
    "11_50": "11-50",
    "51_200": "51-200",
    "201_500": "201-500",
    "501_1000": "501-1,000",
    "1001_5000": "1,001-5,000",
    "5001_10000": "5,001-10,000",
    "10001_or_more": "10,001 or more",
    "under_1m": "Under 1M",
    "1m_10m": "1M-10M",
    "10m_50m": "10M-50M",
    "50m_100m": "50M-100M",
    "100m_500m": "100M-500M",
    "500m_1b": "500M-1B",
    "over_1b": "Over 1B",
}


@cache
def native_schema(object_type: str) -> ObjectSchema:
    """Return the native properties of an object type, the same objects each time.

    Args:
        object_type: One of :data:`prismd.core.properties.schema.OBJECT_TYPES`.
    """
    assert object_type in OBJECT_TYPES, object_type  # noqa: S101 - callers have checked what came from outside
    properties = {prop.slug: prop for prop in _native_properties(object_type)}
    return ObjectSchema(object_type, MappingProxyType(properties))


def _native_properties(object_type: str) -> Iterator[Property]:
    for table in (_PROPERTIES[object_type], _COMMON, _AUDIT):
        for wire_type, slugs in table.items():
            for slug in slugs.split():
                yield Property(
                    id=_id(object_type, slug),
                    slug=slug,
                    type=wire_type,
                    name=_name(slug),
                    native=True,
                    read_only=table is _AUDIT,
                    role_id=DAY_ROLE if slug in _DAYS else None,
                    options=_options(object_type, slug) if "select" in wire_type else (),
                )
    for slug, (other_type, reference) in _INVERSES.get(object_type, {}).items():
        yield Property(
            id=_id(object_type, slug),
            slug=slug,
            type=f"multiref_{other_type}",
            name=_name(slug),
            native=True,
            read_only=True,
            inverse_of=(other_type, reference),
        )


def _options(object_type: str, slug: str) -> tuple[Option, ...]:
    names = _OPTIONS.get(f"{object_type}.{slug}", _OPTIONS.get(slug, "")).split()
    return tuple(
        Option(id=_id(object_type, slug, name), slug=name, value=_name(name), sort_index=index)
        for index, name in enumerate(names)
    )


def _id(*names: str) -> str:
    return str(uuid5(_ID_SPACE, "/".join(names)))


def _name(slug: str) -> str:
    return _NAMES.get(slug) or slug.replace("_", " ").capitalize()
