"""The declaration of a setting: its default, its unit and its meaning."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def setting(default: float | str, unit: str, meaning: str, *, minimum: float = 0) -> Any:  # noqa: ANN401 - a dataclass field stands for any type
    """Declare a setting.

    Args:
        default: The value if the environment has none.
        unit: The unit of the number; ``text`` for words.
        meaning: The description for the page of settings, in one sentence.
        minimum: The smallest allowed number.
    """
    return field(default=default, metadata={"unit": unit, "meaning": meaning, "minimum": minimum})
