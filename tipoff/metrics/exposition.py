"""The text that Prometheus reads: one engine's metrics, made anew for every question from numbers in memory.

Made once an engine and given to the metrics server and the control socket. A group that fails is left out,
counted and named by `tipoff_collector_up`; the others stay. Runs on the loop's thread. The only module that
imports prometheus_client.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import attrs
import structlog
import trio
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from actors.runtime import Histogram
from tipoff.metrics.engine_view import EngineView
from tipoff.metrics.families import COLLECTOR_GROUP, GROUPS
from tipoff.metrics.family import Family, Group, Samples

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PYTHON = "python"
"""The group of the interpreter's own numbers."""


@attrs.frozen
class _Made:
    """The metrics of one group, as prometheus_client collects them."""

    families: Iterable[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.families


class Exposition:
    """All metrics of one engine; two engines in one process share nothing."""

    def __init__(self, view: EngineView, groups: Sequence[Group] = GROUPS) -> None:
        """Registers nothing globally."""
        self._view = view
        self._groups = groups
        self._health = view.collectors
        self._health.failures = dict.fromkeys((*(group.name for group in groups), PYTHON), 0.0)
        # A registry of its own: the global one raises ValueError when an engine is made a second time in a
        # process.
        self.registry = CollectorRegistry(auto_describe=False)
        # The interpreter's own numbers; the library's names for them are what dashboards know.
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def text(self) -> bytes:
        """Every metric, in the text format; never raises, whatever a group does."""
        began = time.perf_counter()
        self._health.up = {}
        # Made at the scrape from plain numbers: `Counter.inc()` of the library takes 300 ns on every
        # message, `+= 1` takes 15 (measured).
        parts = [self._part(group.name, partial(self._rendered, group)) for group in self._groups]
        parts.append(self._part(PYTHON, lambda: bytes(generate_latest(self.registry))))
        parts.append(self._rendered(COLLECTOR_GROUP))
        self._health.took_s = time.perf_counter() - began
        return b"".join(parts)

    def text_from_thread(self) -> str:
        """The same, asked for in a worker thread of trio: the numbers are read on the loop's own."""
        # Plain numbers without locks, so only the thread that changes them may read them together.
        return trio.from_thread.run_sync(self.text).decode()

    def _part(self, name: str, render: Callable[[], bytes]) -> bytes:
        try:
            # prometheus_client alone would fail the whole scrape for one collector that raises.
            part = render()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other groups stay
            self._health.up[name] = 0.0
            self._health.failures[name] += 1
            if self._health.failures[name] == 1:
                structlog.get_logger().warning("metrics_failed", collector=name, error=repr(error))
            return b""
        self._health.up[name] = 1.0
        return part

    def _rendered(self, group: Group) -> bytes:
        group.prepare(self._view)
        made = _Made([_metric(family, family.samples(self._view)) for family in group.families])
        return bytes(generate_latest(made))


def _metric(family: Family, samples: Samples) -> Metric:
    match family.kind:
        case "counter":
            return _filled(CounterMetricFamily(family.name, family.help, labels=family.labels), samples)
        case "gauge":
            return _filled(GaugeMetricFamily(family.name, family.help, labels=family.labels), samples)
        case "info":
            return _info(family, samples)
        case "histogram":
            return _histogram(family, samples)


def _filled(metric: CounterMetricFamily | GaugeMetricFamily, samples: Samples) -> Metric:
    for labels, value in samples.items():
        if isinstance(value, Histogram):
            raise TypeError(f"{metric.name} is no histogram")
        metric.add_metric(labels, value)
    return metric


def _info(family: Family, samples: Samples) -> Metric:
    metric = InfoMetricFamily(family.name.removesuffix("_info"), family.help)
    for labels in samples:
        metric.add_metric((), dict(zip(family.labels, labels, strict=True)))
    return metric


def _histogram(family: Family, samples: Samples) -> Metric:
    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    for labels, value in samples.items():
        if not isinstance(value, Histogram):
            raise TypeError(f"{family.name} is a histogram")
        metric.add_metric(labels, buckets=value.cumulative(), sum_value=value.total)
    return metric
