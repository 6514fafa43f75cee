"""The log of the embedded PostgreSQL: cut where it has grown, and never lost at a start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from prismd.embedded.server import EmbeddedPostgres

MOST = 2**16
SHORT, LONG = "nothing else is said", "x" * 500


@pytest.fixture
def embedded(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(data_dir, buffers_mib=24, log_bytes_max=MOST)
    yield made
    made.stop()


def say(url: str, text: str, times: int = 1) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(times):
            connection.execute(f"DO $$ BEGIN RAISE LOG 'number {number}: {text}'; END $$".encode())


def test_it_is_cut_where_it_has_grown_and_goes_on(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    url = embedded.start()
    say(url, SHORT)
    embedded.cut_log()
    assert not (data_dir / "postgres.log.1").exists()
    for _ in range(3):
        say(url, LONG, times=200)
        grown = (data_dir / "postgres.log").read_bytes()
        assert len(grown) > MOST
        embedded.cut_log()
        assert (data_dir / "postgres.log").stat().st_size == 0
        assert (data_dir / "postgres.log.1").read_bytes() == grown
    say(url, SHORT)
    kept = (data_dir / "postgres.log").read_bytes()
    # PostgreSQL writes to the end of the file as it is, not to where that was.
    assert SHORT.encode() in kept
    assert b"\0" not in kept
    assert {path.stat().st_uid for path in data_dir.glob("postgres.log*")} == {data_dir.stat().st_uid}
    assert {path.stat().st_mode & 0o777 for path in data_dir.glob("postgres.log*")} == {0o600}


def test_what_was_said_before_a_start_is_kept(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    say(embedded.start(), SHORT)
    embedded.stop()
    embedded.start()
    assert SHORT in (data_dir / "postgres.log.1").read_text()
    assert SHORT not in (data_dir / "postgres.log").read_text()


def test_it_is_cut_also_where_a_killed_server_left_it(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    lost = EmbeddedPostgres(data_dir, buffers_mib=24)
    url = lost.start()
    lost._data.unlock()
    assert embedded.start() == url
    say(url, LONG, times=200)
    embedded.cut_log()
    assert (data_dir / "postgres.log").stat().st_size == 0
    embedded.stop()
    lost.stop()


def test_a_link_in_place_of_the_former_log_leaves_its_target_alone(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    url = embedded.start()
    treasure = data_dir.parent / "treasure"
    treasure.write_text("gold")
    (data_dir / "postgres.log.1").symlink_to(treasure)
    say(url, LONG, times=200)
    embedded.cut_log()
    assert treasure.read_text() == "gold"
    assert not (data_dir / "postgres.log.1").is_symlink()
