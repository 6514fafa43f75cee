"""How much memory PostgreSQL keeps pages in follows the machine, or the container around us."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from prismd.embedded.memory import buffers_mib, memory_mib
from prismd.embedded.server import EmbeddedPostgres

MIB = 2**20


@pytest.mark.parametrize(("memory", "buffers"), [(256, 128), (1_024, 128), (8_192, 1_024), (262_144, 2_048)])
def test_an_eighth_of_the_memory_holds_pages_within_bounds(memory: int, buffers: int) -> None:
    assert buffers_mib(memory) == buffers


@pytest.mark.parametrize(
    ("groups", "file"),
    [
        ("0::/shop/prismd.service\n", "shop/prismd.service/memory.max"),
        ("0::/shop/prismd.service\n", "shop/memory.max"),
        ("0::/\n", "memory.max"),
        ("0::/seen/from/outside\n", "memory.max"),
        ("5:cpu,cpuacct:/\n4:memory:/shop\n0::/\n", "memory/shop/memory.limit_in_bytes"),
    ],
)
def test_a_limit_of_any_group_around_us_counts(tmp_path: Path, groups: str, file: str) -> None:
    listing, limit = tmp_path / "cgroup", tmp_path / file
    listing.write_text(groups)
    limit.parent.mkdir(parents=True, exist_ok=True)
    limit.write_text(f"{200 * MIB}\n")

    assert memory_mib(listing, tmp_path) == 200


@pytest.mark.parametrize("limit", ["max\n", "9223372036854771712\n"])
def test_no_limit_leaves_the_whole_machine(tmp_path: Path, limit: str) -> None:
    listing = tmp_path / "cgroup"
    listing.write_text("0::/\n")
    (tmp_path / "memory.max").write_text(limit)

    assert memory_mib(listing, tmp_path) == memory_mib(tmp_path / "absent", tmp_path)


def test_the_embedded_postgresql_takes_what_it_is_told(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "data", buffers_mib=24).borrowed() as url, psycopg.connect(url) as connection:
        assert connection.execute("SHOW shared_buffers").fetchone() == ("24MB",)
