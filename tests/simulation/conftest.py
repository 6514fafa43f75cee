"""What tests of the simulation share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.simulation.theatre import Theatre, silence


@pytest.fixture(scope="session")
def _theatre(make_database: Callable[[], str]) -> Iterator[Theatre]:
    theatre = Theatre(make_database())
    yield theatre
    theatre.close()


@pytest.fixture
def theatre(_theatre: Theatre) -> Iterator[Theatre]:
    """A place for simulations, with a database of its own."""
    with silence():
        yield _theatre
