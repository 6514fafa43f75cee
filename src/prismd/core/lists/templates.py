"""The templates of lists: the types of their records, and the stages of these (contract, section 16.1).

The contract publishes only the names of the templates; their contents are prismd's choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

#: The types whose records can be in a list.
LISTABLE_TYPES: Final = ("organization", "identity", "action", "document", "deal")

#: The template whose lists take the type that the request names.
CUSTOM: Final = "custom"

#: Further types that a list takes, by its main type (contract, section 23, fact 110).
_BESIDES: Final = {"deal": ("identity", "organization")}


def types_in(object_type: str) -> tuple[str, ...]:
    """Return the types whose records a list takes; the main type comes first.

    Args:
        object_type: The list's main type.
    """
    return (object_type, *_BESIDES.get(object_type, ()))


@dataclass(frozen=True, slots=True)
class ListTemplate:
    """A template for lists.

    Args:
        id: The template's id in requests.
        name: A name for people, which is also the name of a list without one of its own.
        description: The purpose of such a list, in one sentence.
        object_type: The main type of such a list; None for :data:`CUSTOM`, for which the request names it.
        icon: Name of an icon.
        stages: Slugs and labels of the options of the stage property, in order.
    """

    id: str
    name: str
    description: str
    object_type: str | None
    icon: str
    stages: tuple[tuple[str, str], ...]

    @property
    def supported_object_types(self) -> tuple[str, ...]:
        """The types whose records such a list takes; for :data:`CUSTOM`, its possible main types."""
        return LISTABLE_TYPES if self.object_type is None else types_in(self.object_type)


def _stages(labels: str) -> tuple[tuple[str, str], ...]:
    return tuple((label.lower().replace(" ", "_"), label) for label in labels.split(", "))


_ALL: Final = (
    ListTemplate(
        "sales_deals", "Sales deals", "Deals on their way from the first contact to the contract.", "deal", "handshake",
        _stages("No stage, Lead, Qualified, Proposal, Negotiation, Won, Lost"),
    ),
    ListTemplate(
        "recruiting", "Recruiting", "People who may join, from the first word to the offer.", "identity", "users",
        _stages("Sourced, Contacted, Screening, Interview, Offer, Hired, Rejected"),
    ),
    ListTemplate(
        "partnerships", "Partnerships", "Companies to work with.", "organization", "link",
        _stages("Identified, Contacted, In discussion, Agreement, Active, Ended"),
    ),
    ListTemplate(
        "fundraising", "Fundraising", "Investors that are asked for money, one deal each.", "deal", "banknote",
        _stages("Target, Contacted, Meeting, Due diligence, Term sheet, Committed, Passed"),
    ),
    ListTemplate(
        "knowledge_base", "Knowledge base", "Documents that answer questions.", "document", "book",
        _stages("Draft, In review, Published, Outdated"),
    ),
    ListTemplate(
        "issue_tracker", "Issue tracker", "What is broken, and who repairs it.", "action", "bug",
        _stages("Backlog, To do, In progress, In review, Done, Cancelled"),
    ),
    ListTemplate(
        "content_calendar", "Content calendar", "What is written, and when it comes out.", "document", "calendar",
        _stages("Idea, Drafting, In review, Scheduled, Published"),
    ),
    ListTemplate(
        "job_applications", "Job applications", "People who applied for a position.", "identity", "briefcase",
        _stages("Applied, Screening, Interview, Offer, Hired, Rejected, Withdrawn"),
    ),
    ListTemplate(
        "project_tracker", "Project tracker", "The tasks of a project.", "action", "kanban",
        _stages("Backlog, Planned, In progress, Blocked, Done"),
    ),
    ListTemplate(
        "feedback", "Feedback", "What users wish for, and what becomes of it.", "action", "message",
        _stages("New, Under review, Planned, In progress, Shipped, Declined"),
    ),
    ListTemplate(
        "portco_tracker", "Portfolio companies", "The companies of a portfolio.", "organization", "chart",
        _stages("Onboarding, Active, Watch, Exiting, Exited, Written off"),
    ),
    ListTemplate(
        "deal_flow", "Deal flow", "Companies to invest in, one deal each.", "deal", "funnel",
        _stages("Sourced, First meeting, Partner meeting, Due diligence, Term sheet, Invested, Passed"),
    ),
    ListTemplate(
        "lp_fundraising", "LP fundraising", "Limited partners of a fund, one deal each.", "deal", "vault",
        _stages("Prospect, Contacted, Meeting, Due diligence, Soft commitment, Committed, Declined"),
    ),
    ListTemplate(
        CUSTOM, "Custom", "Records of any type that can be in a list.", None, "list",
        _stages("To do, In progress, Done"),
    ),
)  # fmt: skip

#: Every template by id, in the order in which clients see them.
TEMPLATES: Final = MappingProxyType({template.id: template for template in _ALL})
