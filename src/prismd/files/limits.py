"""The limits of reading files: what a file may cost before it is refused."""

from __future__ import annotations

from typing import Final

import msgspec

MEBIBYTE: Final = 2**20


class FileLimits(msgspec.Struct, frozen=True):
    """What reading one file may cost; a test or a server may lower these.

    Args:
        unpacked_bytes_max: The most bytes that a packed file may unpack to.
        unpacked_ratio_max: The most bytes that one packed byte may stand for, once the file is larger than
            ``unpacked_free_bytes``.
        unpacked_free_bytes: Unpacked bytes below which the ratio is not looked at.
        sampled_bytes_max: The most bytes that a packed file may unpack to where samples of it are taken.
        plain_bytes_max: The most bytes of a file that has to be copied to a temporary file to be read.
        rows_max: The most rows of a table of cells that are read; the others are left, as where a profile is made.
        members_max: The most files in a ZIP archive.
        cells_max: The most cells of a sheet, with the empty ones to the left of a filled one.
        columns_max: The most columns of a sheet or of a file of vCards.
        cell_chars_max: The most characters of a cell.
        child_memory_bytes: The most memory of the process that reads a workbook.
        child_cpu_s: The most processor time of that process, in seconds.
        child_silence_s: The longest time in which that process may send nothing, in seconds.
    """

    unpacked_bytes_max: int = 2**40
    unpacked_ratio_max: int = 1_000
    unpacked_free_bytes: int = 64 * MEBIBYTE
    sampled_bytes_max: int = 2**40
    plain_bytes_max: int = 2**40
    rows_max: int = 2**40
    members_max: int = 10_000
    cells_max: int = 500_000_000
    columns_max: int = 16_384
    cell_chars_max: int = 8 * MEBIBYTE
    child_memory_bytes: int = 1024 * MEBIBYTE
    child_cpu_s: int = 1_800
    child_silence_s: int = 300


LIMITS: Final = FileLimits()
