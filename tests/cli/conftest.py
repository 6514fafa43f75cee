"""Fixtures for tests of the commands."""

from tests.cli.scripted import people, prism, run, time
from tests.cli.serving import data_dir, serve

__all__ = ["data_dir", "people", "prism", "run", "serve", "time"]
