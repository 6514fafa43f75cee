"""Uploaded files over HTTP: listing, reading and deleting them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from litestar import Request, Response
from litestar.response import Stream

from prismd.api.document.operation import CURSOR, LIMIT, TEAM, Operation, Reply
from prismd.api.files.profile import get_profile
from prismd.api.files.shapes import FilePage, UploadedFile, shown_file
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import delete_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.paths import id_in_path
from prismd.api.http.query_strings import page_limit
from prismd.api.imports.handlers import page_of
from prismd.api.limits.threads import Threads
from prismd.api.queries.cursors import Cursor, Listing, write_cursor
from prismd.core.api_keys.scopes import Scope
from prismd.core.files import StoredFile
from prismd.core.json.text import encode
from prismd.services.files.contents import StoredContent
from prismd.services.files.files import delete_file, delete_parts, get_file, list_files, whole_file
from prismd.services.files.uploads import PART_BYTES
from prismd.services.idempotency.claims import Answer
from prismd.services.session import Session, Transaction

FILES_PATH: Final = f"{TEAM}/files"
FILE_PATH: Final = f"{FILES_PATH}/{{fileId}}"
_FILE_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@handles(
    Operation(
        name="listFiles",
        method="GET",
        path=FILES_PATH,
        tag="Files",
        scopes=(Scope.IMPORT,),
        typed_by_job=True,
        summary="List uploaded files, newest first",
        description="prismd's own. Uploads under way are left out.",
        parameters=(CURSOR, LIMIT),
        replies=(Reply(200, "A page of files.", FilePage),),
    )
)
def list_uploads(request: Request[Any, Any, Any], session: SessionIn) -> Response[bytes]:
    """Answer the team's whole files, newest first, in pages."""
    listing = Listing(f"files {session.team_id}", _FILE_ID, session.settings.page_max, filters=0)
    page = page_of(request, listing, limit=page_limit(request, most=listing.limit_max), filters=())
    found = session.do(list_files, before=page.after or None, limit=page.limit + 1)
    has_more, listed = len(found) > page.limit, found[: page.limit]
    next_cursor = write_cursor(Cursor(listed[-1].id, page.limit), listing) if has_more else None
    answer = FilePage(data=[shown_file(file) for file in listed], has_more=has_more, next_cursor=next_cursor)
    return respond(Answer(200, encode(answer), {}))


@handles(
    Operation(
        name="getFile",
        method="GET",
        path=FILE_PATH,
        tag="Files",
        scopes=(Scope.IMPORT,),
        typed_by_job=True,
        summary="Read what is known of an uploaded file",
        description="prismd's own.",
        replies=(Reply(200, "The file, whole or under way.", UploadedFile),),
        errors=("not_found",),
    )
)
def read_file(file_id: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer what is known of a file."""
    file = session.do(get_file, id_in_path(file_id))
    return respond(Answer(200, encode(shown_file(file)), {}))


@handles(
    Operation(
        name="getFileContent",
        method="GET",
        path=f"{FILE_PATH}/content",
        tag="Files",
        scopes=(Scope.IMPORT,),
        typed_by_job=True,
        summary="Read the bytes of an uploaded file",
        description="prismd's own. The bytes are sent as they came, and never to be shown by a browser.",
        replies=(Reply(200, "The bytes.", texts=("application/octet-stream",)),),
        errors=("not_found", "file_not_whole"),
    )
)
async def read_content(request: Request[Any, Any, Any], file_id: PathPart, session: SessionIn) -> Stream:
    """Answer the bytes of a file, a part at a time."""
    threads: Threads = request.app.state.threads
    file = await threads.run_other(lambda: session.do(whole_file, id_in_path(file_id)))
    name = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    return Stream(
        _parts(threads, session, file),
        media_type="application/octet-stream",
        headers={"content-disposition": name, "content-length": str(file.received)},
    )


async def _parts(threads: Threads, session: Session, file: StoredFile) -> AsyncIterator[bytes]:
    # Each part is one short read, so a slow client holds neither a thread nor a connection.
    content = StoredContent(session, file).open("rb")
    while part := await threads.run_other(partial(content.read, PART_BYTES)):
        yield part


@handles(
    Operation(
        name="deleteFile",
        method="DELETE",
        path=FILE_PATH,
        tag="Files",
        scopes=(Scope.IMPORT,),
        typed_by_job=True,
        summary="Delete an uploaded file, or end an upload",
        description="prismd's own.",
        replies=(Reply(204, "The file is gone."),),
        errors=("not_found",),
    )
)
def delete_upload(
    request: Request[Any, Any, Any], file_id: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Delete a file."""
    deleted: list[str] = []

    def work(transaction: Transaction) -> None:
        deleted.append(delete_file(transaction, id_in_path(file_id)).id)

    answer = delete_once(request, session, body, work)
    for gone in deleted:
        session.do(delete_parts, gone)
    return answer


FILES: Final = (list_uploads, read_file, read_content, get_profile, delete_upload)
