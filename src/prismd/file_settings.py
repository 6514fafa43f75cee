"""The settings of uploaded files, a part of all settings."""

from __future__ import annotations

from dataclasses import dataclass

from prismd.declared_settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """The limits of uploaded files."""

    file_bytes_max: int = setting(10 * 2**30, "bytes", "largest file that can be uploaded", minimum=1)
    files_bytes_max: int = setting(
        50 * 2**30, "bytes", "bytes of all files of one team; equal bytes count once", minimum=1
    )
    files_max: int = setting(1_000, "files", "most files of one team, uploads under way included", minimum=1)
    open_uploads_max: int = setting(
        10, "uploads", "most uploads under way of one team, broken ones included", minimum=1
    )
    file_retention_days: int = setting(
        7, "days", "how long an uploaded file is kept, and at least as long as the imports that read it", minimum=1
    )
    upload_silence_s: float = setting(
        60, "seconds", "time without any byte after which an upload is given up and its bytes are deleted", minimum=1
    )
    file_unpacked_bytes_max: int = setting(
        50 * 2**30, "bytes", "most bytes that a packed file may unpack to when it is imported", minimum=1
    )
    file_sampled_bytes_max: int = setting(
        2**30, "bytes", "most bytes that a packed file may unpack to so that it can be looked at by samples", minimum=1
    )
    workbook_bytes_max: int = setting(
        256 * 2**20,
        "bytes",
        "largest workbook, columnar file or file of vCards that is read",
        minimum=1,
    )
    file_profile_s: int = setting(
        30, "seconds", "most processor time of the process that looks at a workbook or columnar file", minimum=1
    )
    upload_expiry_hours: int = setting(24, "hours", "the same for a resumable (tus) upload", minimum=1)
