"""The first bodies of a shape may come to several threads at once."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

# In a process of its own, which it would crash. Each round has a shape that nobody has read by before.
_SCRIPT: Final = """
import sys, threading, types
from prismd.api.http.json_bodies import read_body

SHAPES = '''
from __future__ import annotations
import msgspec

class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    a: int
    b: str | None = None

class Shape(msgspec.Struct, frozen=True):
    x: list[Inner]
    y: dict[str, Inner]
    z: Inner | None = None
'''
BODY = b'{"x": [{"a": 1}], "y": {"k": {"a": 2, "b": "c"}}}'

sys.setswitchinterval(1e-6)
for number in range(100):
    module = sys.modules[f"shapes_{number}"] = types.ModuleType(f"shapes_{number}")
    exec(SHAPES, vars(module))
    together, read = threading.Barrier(8), []

    def first():
        together.wait(60)
        read.append(read_body(BODY, module.Shape).y["k"].b)

    threads = [threading.Thread(target=first) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == ["c"] * 8, read
"""


def test_threads_that_read_by_a_shape_for_the_first_time_at_once_read_it_right() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", _SCRIPT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
