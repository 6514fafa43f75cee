"""Realistic records of each type that the official client knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.sdk.driver import unique

if TYPE_CHECKING:
    from tests.sdk.driver import Sdk


@dataclass(frozen=True)
class Kind:
    """An object type as the client knows it.

    Args:
        resource: The client's name of it.
        type: The path's name of it.
        name: Slug of a text that people call the record by; also what it is found by.
        values: What a record holds besides, as it is read back.
        cleared: Slug among these that a patch clears.
        changed: What a patch writes instead.
        ordered: Slug among these whose values have an order other than that of text, and one value below, one above.
        organization: Slug of a reference to an organization, and whether it holds several.
    """

    resource: str
    type: str
    name: str
    values: Mapping[str, Any]
    cleared: str
    changed: Mapping[str, Any]
    ordered: tuple[str, str, str] | None = None
    organization: str | None = None
    several: bool = False

    def __str__(self) -> str:
        return self.type

    def operation(self, method: str) -> str:
        """Return the name of an operation of the type."""
        return f"prism.objects.{self.resource}.{method}"

    def sample(self, **values: Any) -> dict[str, Any]:
        """Return what a new record with a name of its own holds."""
        return {self.name: unique(self.type), **self.values, **values}

    def make(self, sdk: Sdk, *samples: Mapping[str, Any]) -> list[str]:
        """Make records, one a request, and return their ids in order."""
        ids = []
        for default in samples:
            answer = sdk.send("POST", f"/{self.type}", json={"default": default})
            assert answer.status_code == 201, answer.text
            ids.append(answer.json()["id"])
        return ids


KINDS: Final = {
    kind.type: kind
    for kind in (
        Kind(
            "contacts",
            "contact",
            "full_name",
            {
                "email": "ada@engines.example",
                "seniority": "founder",
                "department": ["engineering", "research"],
                "first_interaction_date": "2024-02-29",
            },
            cleared="seniority",
            changed={"department": ["sales"], "title": "Countess of Lovelace"},
            ordered=("first_interaction_date", "2024-02-28", "2024-03-01"),
            organization="company",
        ),
        Kind(
            "organizations",
            "organization",
            "name",
            {
                "domains": ["example.org", "example.com"],
                "stage": "qualified",
                "employee_count": 1500,
                "close_date": "2026-12-31",
            },
            cleared="stage",
            changed={"employee_count": 1501, "about": "Engines, analytical and other"},
            ordered=("employee_count", "200", "10000"),
        ),
        Kind(
            "identities",
            "identity",
            "full_name",
            {
                "years_of_experience": 12.5,
                "first_degree": True,
                "skills_and_interests": ["mathematics", "poetry"],
                "birthday": "1815-12-10",
                "relationship_strength": "very_strong",
            },
            cleared="birthday",
            changed={"first_degree": False, "tagline": "First programmer"},
            ordered=("years_of_experience", "2", "100"),
            organization="companies",
            several=True,
        ),
        Kind(
            "deals",
            "deal",
            "name",
            {"amount": 250000, "status": "proposal"},
            cleared="status",
            changed={"amount": 99.95},
            ordered=("amount", "9000", "1000000"),
            organization="company",
        ),
        Kind(
            "actions",
            "action",
            "title",
            {"status": "todo", "recommended": False, "source_created_at": "2026-01-02T03:04:05Z"},
            cleared="recommended",
            changed={"status": "done"},
            ordered=("source_created_at", "2026-01-02T05:00:00+03:00", "2026-01-02T05:00:00+01:00"),
        ),
        Kind(
            "documents",
            "document",
            "title",
            {"content": "# Notes\n\nüber „alles“ 🛠", "document_type": "prompt_template", "is_user_dossier": True},
            cleared="document_type",
            changed={"status": "published", "is_user_dossier": False},
            organization="companies",
            several=True,
        ),
        Kind(
            "engagements",
            "engagement",
            "title",
            {"type": "call", "duration_minutes": 45, "start": "2026-05-04T09:00:00Z", "notes": "They called back."},
            cleared="notes",
            changed={"duration_minutes": 50, "outcome": "positive"},
            ordered=("duration_minutes", "5", "100"),
            organization="companies",
            several=True,
        ),
        Kind(
            "events",
            "event",
            "name",
            {"start": "2026-05-04T09:00:00Z", "all_day": False, "status": "confirmed", "entry_points": ["https://x.y"]},
            cleared="status",
            changed={"all_day": True, "location": "London"},
            ordered=("start", "2026-05-03", "2026-05-04T11:30:00+02:00"),
        ),
    )
}
#: The types that the client can write.
WRITTEN: Final = tuple(kind for kind in KINDS if kind != "event")
#: The types whose records have grants.
GRANTED: Final = ("deal", "action", "document", "engagement", "event")
