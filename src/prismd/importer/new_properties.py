"""The properties that a mapping asks for: made through the API before the first row is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from prismd.core.mapping.document import Make, MappingDocument
from prismd.core.mapping.targets import SELECT_TYPES, Target, Targets
from prismd.core.wording.quoting import quoted
from prismd.files.rows import FileRow
from prismd.importer.calls import ClientError, PrismClient, RefusedError
from prismd.importer.missing_options import texts_of

#: The most options that a new property gets from the cells of its column.
OPTIONS_MAX: Final = 500


@dataclass(slots=True)
class NewProperties:
    """The properties to be made, with the options that the rows need.

    Args:
        wanted: What is to be made, by slug.
    """

    wanted: Mapping[str, Make]
    _options: dict[str, dict[str, None]] = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the collection of options."""
        self._options = {slug: {} for slug, make in self.wanted.items() if make.type in SELECT_TYPES}

    def look(self, row: FileRow) -> None:
        """Collect the options that a row needs.

        Raises:
            ClientError: A column has too many different values for options.
        """
        if not self._options or row.wire is None:
            return
        values: dict[str, Any] = msgspec.json.decode(row.wire)["default"]
        for slug, options in self._options.items():
            for one in texts_of(values.get(slug)):
                if one not in options:
                    options[one] = None
                    if len(options) > OPTIONS_MAX:
                        raise ClientError(
                            f"the new property {quoted(slug)} would have more than {OPTIONS_MAX} options; give it the "
                            'type str in a mapping (--save-mapping, then --map), or leave its column out with "-"'
                        )

    def make(self, client: PrismClient, object_type: str) -> list[str]:
        """Make the properties, and return a sentence for each.

        Args:
            client: The server.
            object_type: The type that gets them.

        Raises:
            ClientError: The server refuses one; those before it are made.
        """
        return [self._made(client, object_type, slug, make) for slug, make in self.wanted.items()]

    def sentences(self) -> list[str]:
        """Return a sentence for each property that would be made."""
        return [f"{self._named(slug, make)} would be made first." for slug, make in self.wanted.items()]

    def _made(self, client: PrismClient, object_type: str, slug: str, make: Make) -> str:
        definition = {"name": make.name, "type": make.type, "slug": slug}
        if slug in self._options:
            definition["options"] = [{"value": value} for value in self._options[slug]]  # type: ignore[assignment]
        body = msgspec.json.encode(definition)
        # The same definition has the same key, so that it is made once, however often the command is interrupted.
        key = f"prismd-{hashlib.sha256(object_type.encode() + body).hexdigest()[:32]}"
        try:
            client.call("POST", object_type, "properties", body=body, key=key)
        except RefusedError as error:
            raise ClientError(f"{self._named(slug, make)} cannot be made: {error}") from None
        return f"{self._named(slug, make)} was made."

    def _named(self, slug: str, make: Make) -> str:
        options = self._options.get(slug)
        more = f" with {len(options)} options" if options else ""
        return f"The property {quoted(slug)} ({make.name}, {make.type}{more})"


def properties_to_make(document: MappingDocument, targets: Targets) -> dict[str, Make]:
    """Return the properties that a mapping asks for and the team does not have.

    Args:
        document: The mapping.
        targets: The team's properties.
    """
    return {rule.to: rule.make for rule in document.rules if rule.make is not None and rule.to not in targets}


def with_new(targets: Targets, wanted: Mapping[str, Make]) -> dict[str, Target]:
    """Return properties together with those that are to be made.

    Args:
        targets: The team's properties.
        wanted: Those to be made.
    """
    return {**targets, **{slug: Target(make.type, make.name) for slug, make in wanted.items()}}
