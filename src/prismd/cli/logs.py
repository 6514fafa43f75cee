"""Logs: one line of ``key=value`` per event, to standard error, from prismd and from its libraries alike."""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from prismd.settings import SettingError

_LEVELS: Final = ("debug", "info", "warning", "error")


def configure_logs(level: str) -> None:
    """Send logs to standard error.

    Args:
        level: The least level that is shown: ``debug``, ``info``, ``warning`` or ``error``.

    Raises:
        SettingError: The level is none of these.
    """
    if level not in _LEVELS:
        raise SettingError(f"PRISMD_LOG_LEVEL must be one of {', '.join(_LEVELS)}, not {level!r}")
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*shared, _named], processors=[remove, render])
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _named(logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["logger"] = logger.name if logger is not None else "root"
    return event
