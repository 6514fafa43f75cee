"""Fixtures for tests of the commands."""

from tests.cli.scripted import prism, time
from tests.cli.serving import data_dir, serve

__all__ = ["data_dir", "prism", "serve", "time"]
