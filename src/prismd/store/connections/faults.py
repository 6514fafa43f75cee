"""Which errors of PostgreSQL are outages, and which are the fault of the statement."""

from __future__ import annotations

import enum
from typing import Final

import psycopg

#: The most parameters that one statement can have; PostgreSQL counts them in two bytes.
PARAMETERS_MAX: Final = 65_535


class Fault(enum.Enum):
    """What to do about an error of the database."""

    OUTAGE = "the database cannot be used at the moment; the same works later"
    TOO_LARGE = "the statement asks for more than PostgreSQL can do, now and later"
    TOO_LONG = "the statement took longer than it may, and would again"
    TOO_COSTLY = "the statement needs more memory or room than there is; it may be to blame, or others"
    OTHER = "none of these: a fault of prismd or of its data"


#: Faults by SQLSTATE, or by its first two characters (PostgreSQL's manual, appendix A).
_BY_STATE: Final = {
    "08": Fault.OUTAGE,  # the connection
    "28": Fault.OUTAGE,  # PostgreSQL refuses every login
    "40": Fault.OUTAGE,  # transactions conflict, and one of them must begin again
    "53": Fault.OUTAGE,  # a full disk, too many connections
    "53200": Fault.TOO_COSTLY,
    "53400": Fault.TOO_COSTLY,  # such as temp_file_limit
    "54": Fault.TOO_LARGE,
    "55006": Fault.OUTAGE,  # somebody else uses the object
    "55P03": Fault.OUTAGE,  # somebody else holds a lock
    "57": Fault.OUTAGE,  # PostgreSQL stops or starts, or an operator intervenes
    "57014": Fault.TOO_LONG,
    "58": Fault.OUTAGE,  # the operating system under PostgreSQL
    "F0": Fault.OUTAGE,  # PostgreSQL's configuration
    "25006": Fault.OUTAGE,  # a standby refuses to write
}

#: libpq's message for more parameters than that; it sets no SQLSTATE, and the connection stays usable.
_TOO_MANY_PARAMETERS: Final = "number of parameters must be between"
#: PostgreSQL's message, marked as an internal error, if one value takes a gibibyte, such as a regular expression.
_TOO_MUCH_MEMORY: Final = "invalid memory alloc request size"


def fault_of(error: Exception) -> Fault:
    """Return what to do about an error.

    Args:
        error: Any error; an error that does not come from the database is :attr:`Fault.OTHER`.
    """
    if not isinstance(error, psycopg.Error):
        return Fault.OTHER
    if _TOO_MUCH_MEMORY in str(error):
        return Fault.TOO_LARGE
    if error.sqlstate is not None:
        return _BY_STATE.get(error.sqlstate) or _BY_STATE.get(error.sqlstate[:2], Fault.OTHER)
    if not isinstance(error, psycopg.OperationalError):
        return Fault.OTHER
    # An error without SQLSTATE comes from the client side: the connection is lost, or none can be made.
    return Fault.TOO_LARGE if _TOO_MANY_PARAMETERS in str(error) else Fault.OUTAGE


def passes(error: Exception) -> bool:
    """Tell whether an error passes by itself, so that the caller can try again and no input is at fault.

    A lost connection, a full disk, a conflict of transactions and a standby that still refuses writes pass. A statement
    that took too long, or that needs more memory than PostgreSQL has, would fail again.

    Args:
        error: Any error.
    """
    return fault_of(error) is Fault.OUTAGE
