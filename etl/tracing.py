"""Spans for OpenTelemetry, where the standard variables of the environment name a collector.
Without them nothing of it is imported, and a span is nothing."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from etl.errors import SettingError, quoted

#: Where spans go: the first that is set.
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"
Attributes = Mapping[str, str | int | float | bool]
NANOSECONDS = 1_000_000_000


class _Tracing:
    """Whether spans are made, and by what."""

    tracer: Any = None


def begin_tracing(service: str) -> None:
    """Make spans from now on, if the environment names a collector; OTEL_SERVICE_NAME goes before
    `service`. A SettingError where the library is missing or the protocol is another one."""
    named = next((name for name in ENDPOINTS if os.environ.get(name, "").strip()), None)
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if named is None or is_off or os.environ.get("OTEL_TRACES_EXPORTER", "").strip() == "none":
        return
    for name in PROTOCOLS:
        if (protocol := os.environ.get(name, "").strip()) not in ("", PROTOCOL):
            raise SettingError(
                f"{name}: '{quoted(protocol)}' is not supported; spans are sent as {PROTOCOL}."
            )
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SettingError(
            f"{named} is set, but OpenTelemetry is not installed. Install the extra [otel] "
            "(docs/watching.md says how), or unset the variable."
        ) from None
    if _Tracing.tracer is None:
        own = {} if os.environ.get("OTEL_SERVICE_NAME", "").strip() else {SERVICE_NAME: service}
        provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        atexit.register(provider.shutdown)
        trace.set_tracer_provider(provider)
        trace_through(provider)


def trace_through(provider: Any) -> None:
    """Make spans with a provider of the library from now on; none with None."""
    _Tracing.tracer = provider and provider.get_tracer("xinzhi")


def is_tracing() -> bool:
    """Whether anybody is told of spans."""
    return _Tracing.tracer is not None


@contextmanager
def span(
    name: str, attributes: Attributes | None = None, *, carrier: Mapping[str, str] | None = None
) -> Iterator[Any]:
    """A span over the block, to which `note` may add what is known later; None where nobody is
    told. With a `carrier`, the headers of a request, it is that of a server, below the span that
    they name. What is raised in it is noted by its kind alone: its words may hold anything."""
    if _Tracing.tracer is None:
        yield None
        return
    from opentelemetry import propagate, trace

    is_server = carrier is not None
    with _Tracing.tracer.start_as_current_span(
        name,
        context=propagate.extract(dict(carrier)) if carrier is not None else None,
        kind=trace.SpanKind.SERVER if is_server else trace.SpanKind.INTERNAL,
        attributes=dict(attributes or {}),
        record_exception=False,
        set_status_on_exception=False,
    ) as one:
        try:
            yield one
        except BaseException as error:
            failed(one, type(error).__name__)
            raise


def note(one: Any, attributes: Attributes, name: str | None = None) -> None:
    """Add to a span what has become known, and give it its final name."""
    if one is not None:
        one.set_attributes(dict(attributes))
        if name is not None:
            one.update_name(name)


def failed(one: Any, what: str) -> None:
    """Say that what a span is about has failed: by what kind of error, or which status."""
    if one is not None:
        from opentelemetry.trace import StatusCode

        one.set_attribute("error.type", what)
        one.set_status(StatusCode.ERROR)


def past_span(name: str, begun: datetime, seconds: float, attributes: Attributes, why: str) -> None:
    """A span of what has been done already, below the current one; `why` names the kind of failure,
    if it was one."""
    if _Tracing.tracer is None:
        return
    start = int(begun.timestamp() * NANOSECONDS)
    one = _Tracing.tracer.start_span(name, start_time=start, attributes=dict(attributes))
    if why:
        failed(one, why)
    one.end(start + int(seconds * NANOSECONDS))
