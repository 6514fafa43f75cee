"""The switch of the import pipeline: where PRISMD_IMPORT_PIPELINE is false, tests import without it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from prismd.settings import Settings

_NAME: Final = "PRISMD_IMPORT_PIPELINE"

#: For the environment of a server that a test starts.
SWITCHED: Final[Mapping[str, str]] = {_NAME: os.environ[_NAME]} if _NAME in os.environ else {}

#: The settings of tests: the defaults, but for the switch, and without the limit on unknown keys, which all tests of a
#: process would share, as they come from one address.
SETTINGS: Final = Settings.from_environment({**SWITCHED, "PRISMD_WRONG_KEYS_PER_MINUTE_MAX": "0"})
