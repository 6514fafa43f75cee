"""The profile of an uploaded file over HTTP: how it is read, with evidence, and what its columns may become."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import TEAM, Operation, Parameter, Reply, filter_by
from prismd.api.files.profile_shapes import FileProfile, shown_profile
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.injected import PathPart, SessionIn
from prismd.api.http.paths import id_in_path
from prismd.api.http.query_strings import given, one_of
from prismd.api.limits.answers import within_limits
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.core.properties.schema import IMPORTABLE_TYPES
from prismd.core.tables.answers import MAP, OF_COLUMNS, OF_FILES
from prismd.files.formats import FORMATS
from prismd.services.files.files import whole_file
from prismd.services.files.looking import Asked, checked_answers, looked_at
from prismd.services.idempotency.claims import Answer
from prismd.services.session import Session

_MEANINGS: Final = {
    "member": "File in a ZIP archive.",
    "sheet": "Sheet of a workbook.",
    "encoding": "Encoding, such as `utf-8` or `cp1252`.",
    "delimiter": "Sign between cells, or `tab`.",
    "quote": "Sign around cells, or `none`.",
    "skip_rows": "Lines above the table.",
    "header": "Rows of the header; 0 for none.",
    "footer": "Rows at the end that are none.",
    "short_rows": "What a row with too few cells is: `refused` or `blank`.",
    "table": "Which of several tables, from 1.",
    "date_format": "Order of dates: `ymd`, `dmy` or `mdy`.",
    "century": "First year of years of two digits.",
    "decimal": "Sign before decimals: `.` or `,`.",
    "null": "What words such as N/A are: `blank` or `text`.",
}
_KEYS: Final = (*OF_FILES, *OF_COLUMNS)


@handles(
    Operation(
        name="getFileProfile",
        method="GET",
        path=f"{TEAM}/files/{{fileId}}/profile",
        tag="Files",
        scopes=(Scope.IMPORT,),
        typed_by_job=True,
        summary="Tell how an uploaded file is read",
        description=(
            "prismd's own. The profile is made from samples: what is sure has its proof, the rest is a question. "
            "With `type`, each column has proposals. A parameter answers a question for the whole file; `answer` "
            "answers any question by its key, such as `date_format:Birthday=dmy` or `map:Party=-`."
        ),
        parameters=(
            filter_by("type", "Propose what each column becomes for this object type.", IMPORTABLE_TYPES),
            filter_by("format", "Format of the file, if its content and name do not tell.", FORMATS),
            *(Parameter(name, "query", _MEANINGS[name]) for name in _KEYS),
            Parameter("answer", "query", "Answer to a question, as `key=value`; it can be given several times."),
        ),
        replies=(Reply(200, "The profile.", FileProfile),),
        errors=("not_found", "file_not_whole", "unreadable_file"),
    )
)
def get_profile(request: Request[Any, Any, Any], file_id: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer the profile of a file."""
    object_type = one_of(request, "type", IMPORTABLE_TYPES)
    if object_type is not None:
        session.caller.scopes.require((Scope.IMPORT,), object_type)
    asked = Asked(answers=_answers(request, maps=object_type is not None), form=one_of(request, "format", FORMATS))
    return respond(_profiled(session, id_in_path(file_id), asked, object_type))


def _profiled(session: Session, file_id: str, asked: Asked, object_type: str | None) -> Answer:
    file = session.do(whole_file, file_id)
    with looked_at(session, file, asked, object_type) as looked:
        answer = Answer(200, encode(shown_profile(looked)), {})
    return within_limits(answer, session.settings)


def _answers(request: Request[Any, Any, Any], *, maps: bool) -> dict[str, str]:
    whole = {name: text for name in _KEYS if (text := given(request, name)) is not None}
    single: list[str] = request.query_params.getall("answer", [])
    answers = checked_answers(whole, ".query.{}")
    for text in single:
        key, sign, value = text.rpartition("=")
        if not sign:
            message = "expected a key and a value, such as date_format:Birthday=dmy"
            raise PrismdError.invalid(".query.answer", message, "pattern")
        if key.startswith(f"{MAP}:") and not maps:
            message = "what a column becomes needs the parameter type, an object type"
            raise PrismdError.invalid(".query.answer", message, "required")
        answers |= checked_answers({key: value}, ".query.answer")
    return answers
