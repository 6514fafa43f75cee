"""Lines of the log: one per event whatever stands in it, and every character comes back from it."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.server.log_lines import json_line, logfmt_line
from prismd.server.logs import configure_logs
from prismd.settings import SettingError, Settings
from tests.log_reading import read_logfmt

#: What has been used to forge lines, to break quotes, or to hide text in a terminal.
HOSTILE: Final = (
    '\n2026-01-01T00:00:00Z level=error event="all is lost"',
    "\r\n",
    "\x1b[2K\x1b[1Aevent=gone",
    "a\x85b\u2028c\u2029d\x0be\x0cf\x1cg",
    '" level=error event="x',
    "\\",
    "\\n",
    'ends with \\"',
    "\u202eevil",
    "\ud800",
    "",
    "null",
    "a=b",
    " ",
    "\x00",
    "é",
)

TEXTS: Final = st.text() | st.sampled_from(HOSTILE) | st.text('\n\r\\"= \x85\u2028\x1b\ud800n', max_size=8)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), TEXTS, max_size=5))
@example({"event": HOSTILE[0]})
@example({"path": "\\n", "event": 'ends with \\"'})
def test_every_text_is_on_one_line_and_comes_back(event: dict[str, str]) -> None:
    for line in (logfmt_line(None, "", dict(event)), json_line(None, "", dict(event))):
        assert len(line.splitlines()) <= 1
        assert line.isprintable()
        line.encode()
    assert read_logfmt(logfmt_line(None, "", dict(event))) == event
    assert json.loads(json_line(None, "", dict(event))) == event


def test_what_all_lines_have_comes_first() -> None:
    event: dict[str, Any] = {"rows": 3, "event": "chunk done", "none": None, "level": "info", "done": True}
    event["timestamp"] = "now"
    assert logfmt_line(None, "", event) == 'timestamp=now level=info event="chunk done" rows=3 none=null done=true'
    assert list(json.loads(json_line(None, "", event)))[:3] == ["timestamp", "level", "event"]


@pytest.mark.parametrize(("name", "value"), [("log_format", "xml"), ("log_level", "loud")])
def test_a_setting_that_is_none_of_its_choices_is_refused(name: str, value: str) -> None:
    settings = Settings.from_environment({f"PRISMD_{name.upper()}": value})
    with pytest.raises(SettingError, match=re.escape(f"PRISMD_{name.upper()} must be one of ")):
        configure_logs(settings)
