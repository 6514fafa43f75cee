"""Makes the JSON Schema of mapping documents, from the types that read them."""

from __future__ import annotations

import json
from typing import Final

from prismd.core.mapping.document_schema import json_schema
from reference.generate import DOCS

SCHEMA_PAGE: Final = DOCS / "mapping.schema.json"


def schema_page() -> str:
    """Return the schema as JSON that people can read."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA_PAGE.write_text(schema_page(), encoding="utf-8")
