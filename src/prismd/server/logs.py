"""Logs: one line per event on standard error, from prismd and from its libraries."""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from prismd.server.log_lines import json_line, logfmt_line
from prismd.settings import SettingError, Settings

_LEVELS: Final = ("debug", "info", "warning", "error")
_FORMATS: Final[dict[str, Processor]] = {"logfmt": logfmt_line, "json": json_line}


def configure_logs(settings: Settings) -> None:
    """Send logs to standard error.

    Args:
        settings: The settings, for the lowest level that is shown, and the format of the lines.

    Raises:
        SettingError: The level or the format is unknown.
    """
    level = _one_of("log_level", settings.log_level, _LEVELS)
    line = _FORMATS[_one_of("log_format", settings.log_format, tuple(_FORMATS))]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, line],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*shared, _named], processors=[remove, line])
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise SettingError(f"PRISMD_{name.upper()} must be one of {', '.join(known)}, not {value!r}")
    return value


def _named(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["logger"] = event["_record"].name
    return event
