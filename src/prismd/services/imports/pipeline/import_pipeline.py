"""The pipeline of one worker: what it keeps from turn to turn, and does while PostgreSQL works."""

from __future__ import annotations

from prismd.services.imports.pipeline.deferred import DeferredWork
from prismd.services.imports.pipeline.reading_ahead import ReadingAhead


class ImportPipeline:
    """The work of one worker that can be done at any time: deferred work first, then reading ahead."""

    def __init__(self) -> None:
        #: What the chunk under way asks for later.
        self.deferred = DeferredWork()
        #: The next chunk of its job.
        self.ahead = ReadingAhead()

    def work(self) -> bool:
        """Do a little, a few milliseconds of it at most, and say whether there was anything to do."""
        return self.deferred.go_on() or self.ahead.go_on()
