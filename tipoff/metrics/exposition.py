"""The text that Prometheus reads: one engine's metrics, made anew for every question from numbers in memory.

Made once an engine and given to the metrics server and the control socket. A group that fails is left out,
counted and named by `tipoff_collector_up`; the others stay. Runs on the loop's thread. The only module that
imports prometheus_client.
"""

import time
from collections.abc import Iterable

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
from tipoff.metrics.families import FAMILIES, Family
from tipoff.metrics.samples import Samples, groups, one
from tipoff.metrics.snapshot import Snapshots

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@attrs.frozen
class _Made:
    """What one group of metrics has come to."""

    families: Iterable[Metric]

    def collect(self) -> Iterable[Metric]:
        return self.families


class Exposition:
    """All metrics of one engine; two engines in one process know nothing of one another."""

    def __init__(self, figures: Snapshots) -> None:
        """Registers nothing globally."""
        self._figures = figures
        self._groups = groups()
        self._failures = dict.fromkeys((*self._groups, "python"), 0)
        self._took_s = 0.0
        self.registry = CollectorRegistry(auto_describe=False)
        # The interpreter's own numbers; the library's names for them are what dashboards know.
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def text(self) -> bytes:
        """Every metric, in the text format; never raises, whatever a group does."""
        began = time.perf_counter()
        up: dict[str, float] = {}
        parts = [self._part(name, up) for name in self._groups]
        parts.append(self._python(up))
        samples: Samples = {
            "tipoff_collector_up": {(name,): value for name, value in up.items()},
            "tipoff_collector_failures_total": {(name,): value for name, value in self._failures.items()},
            "tipoff_exposition_seconds": one(self._took_s),
        }
        parts.append(_rendered("collectors", samples))
        self._took_s = time.perf_counter() - began
        return b"".join(parts)

    def text_from_thread(self) -> str:
        """The same, asked for in a worker thread of trio: the numbers are read on the loop's own."""
        return trio.from_thread.run_sync(self.text).decode()

    def _part(self, name: str, up: dict[str, float]) -> bytes:
        try:
            part = _rendered(name, self._groups[name](self._figures))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other groups stay
            return self._failed(name, up, error)
        up[name] = 1.0
        return part

    def _python(self, up: dict[str, float]) -> bytes:
        try:
            part = bytes(generate_latest(self.registry))
        except Exception as error:  # noqa: BLE001 - as above
            return self._failed("python", up, error)
        up["python"] = 1.0
        return part

    def _failed(self, name: str, up: dict[str, float], error: Exception) -> bytes:
        up[name] = 0.0
        self._failures[name] += 1
        if self._failures[name] == 1:
            structlog.get_logger().warning("metrics_failed", collector=name, error=repr(error))
        return b""


def _rendered(group: str, samples: Samples) -> bytes:
    made = _Made([_metric(family, samples.get(family.name, {})) for family in FAMILIES[group]])
    return bytes(generate_latest(made))


def _metric(family: Family, samples: dict[tuple[str, ...], float | Histogram]) -> Metric:
    match family.kind:
        case "counter":
            return _filled(CounterMetricFamily(family.name, family.help, labels=family.labels), samples)
        case "gauge":
            return _filled(GaugeMetricFamily(family.name, family.help, labels=family.labels), samples)
        case "info":
            return _info(family, samples)
        case "histogram":
            return _histogram(family, samples)


def _filled(
    metric: CounterMetricFamily | GaugeMetricFamily, samples: dict[tuple[str, ...], float | Histogram]
) -> Metric:
    for labels, value in samples.items():
        if isinstance(value, Histogram):
            raise TypeError(f"{metric.name} is no histogram")
        metric.add_metric(labels, value)
    return metric


def _info(family: Family, samples: dict[tuple[str, ...], float | Histogram]) -> Metric:
    metric = InfoMetricFamily(family.name.removesuffix("_info"), family.help)
    for labels in samples:
        metric.add_metric((), dict(zip(family.labels, labels, strict=True)))
    return metric


def _histogram(family: Family, samples: dict[tuple[str, ...], float | Histogram]) -> Metric:
    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    for labels, value in samples.items():
        if not isinstance(value, Histogram):
            raise TypeError(f"{family.name} is a histogram")
        metric.add_metric(labels, buckets=value.cumulative(), sum_value=value.total)
    return metric
