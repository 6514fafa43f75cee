"""The pipeline of one worker: its state between turns, and its work while PostgreSQL works."""

from __future__ import annotations

from prismd.services.imports.pipeline.deferred import DeferredWork
from prismd.services.imports.pipeline.reading_ahead import ReadingAhead


class ImportPipeline:
    """The work that a worker can do at any time: deferred work first, then reading ahead."""

    def __init__(self) -> None:
        #: Values that the present chunk asks for later.
        self.deferred = DeferredWork()
        #: The next chunk of the job.
        self.ahead = ReadingAhead()

    def work(self) -> bool:
        """Work for a few milliseconds at most; return False if no work is left."""
        return self.deferred.go_on() or self.ahead.go_on()
