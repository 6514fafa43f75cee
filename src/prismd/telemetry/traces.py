"""Traces for an OpenTelemetry collector: a span for each request, chunk of an import, and group of statements.

The libraries are an extra, ``prismd[traces]``, and are loaded only if traces are wanted. The trace of a request has the
request's id, and the spans of an import that the request made belong to it, whichever process does the chunks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from prismd.settings import SettingError, Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

    from prismd.core.imports.job import Job

_SPAN_BITS: Final = (1 << 64) - 1
_SERVER_FAULT: Final = 500
#: The longest wait for the collector: for each message, and for the last messages at the end.
_EXPORT_S: Final = 5
_END_S: Final = 1.0

#: The id of the traced request, as a number.
_request: ContextVar[int | None] = ContextVar("prismd_traced_request", default=None)
_tracer: Any = None


def begin(settings: Settings, name: str) -> Callable[[], None]:
    """Send traces from now on, if the settings name a collector; return the function that ends it.

    Args:
        settings: The settings, for the collector, and the share of requests that is traced.
        name: Name of this process.

    Raises:
        SettingError: A setting is invalid, or the extra is not installed.
    """
    endpoint = settings.traces_endpoint
    if not endpoint:
        return _nothing
    if not endpoint.startswith(("http://", "https://")):
        raise SettingError(f"PRISMD_TRACES_ENDPOINT must be an http or https URL, not {endpoint!r}")
    if settings.traces_share > 1:
        raise SettingError(f"PRISMD_TRACES_SHARE must be at most 1, not {settings.traces_share}")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above
    except ImportError as error:
        raise SettingError("PRISMD_TRACES_ENDPOINT needs an extra: pip install 'prismd[traces]'") from error
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_EXPORT_S)
    return begin_with(BatchSpanProcessor(exporter), share=settings.traces_share, name=name)


def begin_with(processor: SpanProcessor, *, share: float = 1, name: str = "server") -> Callable[[], None]:
    """Pass spans to a processor from now on; return the function that ends it.

    Args:
        processor: Receives each span when it ends.
        share: Share of requests that are traced, with everything that belongs to them.
        name: Name of this process.
    """
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: PLC0415 - as above
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased  # noqa: PLC0415 - as above

    class Ids(RandomIdGenerator):
        """Derives the ids of a request's spans from the id of the request."""

        def generate_trace_id(self) -> int:
            return _request.get() or super().generate_trace_id()

        def generate_span_id(self) -> int:
            request = _request.get()
            return (request and request & _SPAN_BITS) or super().generate_span_id()

    about = {"service.name": "prismd", "service.version": version("prismd"), "service.instance.id": name}
    # The decision depends only on the trace's id, so that all processes decide alike.
    provider = TracerProvider(TraceIdRatioBased(share), Resource(about), shutdown_on_exit=False, id_generator=Ids())
    provider.add_span_processor(processor)
    global _tracer  # noqa: PLW0603 - one for the process, as its log is
    _tracer = provider.get_tracer("prismd")

    def end() -> None:
        global _tracer  # noqa: PLW0603 - as above
        _tracer = None
        # In a thread, because the wait for an absent collector is longer than a stop can take.
        last = threading.Thread(target=provider.shutdown, daemon=True)
        last.start()
        last.join(_END_S)

    return end


def tracing() -> bool:
    """Say whether spans are kept."""
    return _tracer is not None


@contextmanager
def request(request_id: str, method: str, route: str, status: Callable[[], int]) -> Iterator[None]:
    """Make the block the span of a request, which begins a trace.

    Args:
        request_id: UUID text; the trace has the same id.
        method: The method; one of a few words.
        route: The template of the request's path.
        status: Returns the status of the answer, after the request has ended.
    """
    if _tracer is None:
        yield
        return
    from opentelemetry import trace  # noqa: PLC0415 - an extra
    from opentelemetry.context import Context  # noqa: PLC0415 - as above

    about = {"http.request.method": method, "http.route": route, "prismd.request_id": request_id}
    token = _request.set(UUID(request_id).int)
    try:
        span = _tracer.start_span(f"{method} {route}", Context(), trace.SpanKind.SERVER, about)
    finally:
        _request.reset(token)
    try:
        with trace.use_span(span, record_exception=False, set_status_on_exception=False):
            yield
    finally:
        span.set_attribute("http.response.status_code", status())
        if status() >= _SERVER_FAULT:
            span.set_status(trace.StatusCode.ERROR)
        span.end()


def chunk(job: Job) -> AbstractContextManager[Any]:
    """Make the block the span of a chunk, in the trace of the request that made the import.

    Args:
        job: The job, with its cursor at the chunk.
    """
    if _tracer is None:
        return nullcontext()
    from opentelemetry import trace  # noqa: PLC0415 - an extra
    from opentelemetry.context import Context  # noqa: PLC0415 - as above

    context = Context()
    if job.request_id:
        made_by = UUID(job.request_id).int
        sampled = trace.TraceFlags(trace.TraceFlags.SAMPLED)
        parent = trace.SpanContext(made_by, made_by & _SPAN_BITS, is_remote=True, trace_flags=sampled)
        context = trace.set_span_in_context(trace.NonRecordingSpan(parent), context)
    about = {"prismd.job": job.id, "prismd.chunk": job.cursor, "prismd.team": job.team}
    span: AbstractContextManager[Any] = _tracer.start_as_current_span(
        "chunk", context, trace.SpanKind.CONSUMER, about, record_exception=False
    )
    return span


def group(name: str) -> AbstractContextManager[Any]:
    """Make the block the span of a group of statements.

    Args:
        name: Name of the group; one of a few words.
    """
    if _tracer is None:
        return nullcontext()
    span: AbstractContextManager[Any] = _tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    )
    return span


def _nothing() -> None:
    pass
