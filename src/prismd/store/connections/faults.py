"""Which errors of PostgreSQL are outages, and which are the fault of what was asked."""

from __future__ import annotations

import enum
from typing import Final

import psycopg

#: Most parameters of one statement, as PostgreSQL counts them in two bytes.
PARAMETERS_MAX: Final = 65_535


class Fault(enum.Enum):
    """What is to be done about an error of the database."""

    OUTAGE = "the database cannot be used at the moment; the same works later"
    TOO_LARGE = "the statement asks for more than PostgreSQL can do, now and later"
    TOO_LONG = "the statement took longer than it may, and would again"
    TOO_COSTLY = "the statement needs more memory or room than there is; it may be to blame, or others"
    OTHER = "none of these: a fault of prismd or of its data"


#: By SQLSTATE, or else by its first two characters (PostgreSQL's manual, appendix A).
_BY_STATE: Final = {
    "08": Fault.OUTAGE,  # the connection
    "28": Fault.OUTAGE,  # PostgreSQL lets nobody in
    "40": Fault.OUTAGE,  # conflicts of transactions, of which one must begin anew
    "53": Fault.OUTAGE,  # a full disk, too many connections
    "53200": Fault.TOO_COSTLY,
    "53400": Fault.TOO_COSTLY,  # such as temp_file_limit
    "54": Fault.TOO_LARGE,
    "55006": Fault.OUTAGE,  # somebody else uses it
    "55P03": Fault.OUTAGE,  # somebody else holds a lock
    "57": Fault.OUTAGE,  # PostgreSQL stops or starts, or an operator intervenes
    "57014": Fault.TOO_LONG,
    "58": Fault.OUTAGE,  # the system under PostgreSQL
    "F0": Fault.OUTAGE,  # its configuration
    "25006": Fault.OUTAGE,  # a standby refuses to write
}

#: What libpq says where it is given more parameters; it has no SQLSTATE for it, and the connection is well.
_TOO_MANY_PARAMETERS: Final = "number of parameters must be between"
#: What PostgreSQL says, as a fault of its own, where something takes a gibibyte, such as a regular expression.
_TOO_MUCH_MEMORY: Final = "invalid memory alloc request size"


def fault_of(error: Exception) -> Fault:
    """Return what is to be done about an error.

    Args:
        error: Any error; what does not come from the database is :attr:`Fault.OTHER`.
    """
    if not isinstance(error, psycopg.Error):
        return Fault.OTHER
    if _TOO_MUCH_MEMORY in str(error):
        return Fault.TOO_LARGE
    if error.sqlstate is not None:
        return _BY_STATE.get(error.sqlstate) or _BY_STATE.get(error.sqlstate[:2], Fault.OTHER)
    if not isinstance(error, psycopg.OperationalError):
        return Fault.OTHER
    # Without a state it comes from this side: of a connection that is lost, or that cannot be had.
    return Fault.TOO_LARGE if _TOO_MANY_PARAMETERS in str(error) else Fault.OUTAGE


def passes(error: Exception) -> bool:
    """Tell whether an error goes away by itself, so that trying again is the cure and nobody's input is to blame.

    A lost connection, a full disk, a conflict of transactions, and a standby that still refuses writes do so. A
    statement that took too long does not, nor one that needs more memory than there is: each would do so again.

    Args:
        error: Any error.
    """
    return fault_of(error) is Fault.OUTAGE
