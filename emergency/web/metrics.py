"""The server's own figures for an outside monitor, in Prometheus' format, made with its client library."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from emergency.engine import Engine


class Figures:
    """What the store says at one moment; no names, no numbers."""

    def __init__(self, engine: Engine, trouble: str, in_flight: int) -> None:
        self.open = [(i.code, i.mode, i.severity.rank) for i in engine.open_incidents()]
        self.outbox = engine.store.outbox_counts()
        self.counters = engine.store.counters()
        self.trouble = bool(trouble)
        self.in_flight = in_flight
        due = engine.store.next_timer()
        self.overdue = max(0.0, (engine.clock.now() - due).total_seconds()) if due else 0.0
        backup = engine.store.heartbeat("backup")
        self.backup_age = (engine.clock.now() - backup[0]).total_seconds() if backup else -1.0


class _Collector(Collector):
    def __init__(self, figures: Figures) -> None:
        self.figures = figures

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        f = self.figures
        incidents = GaugeMetricFamily("emergency_open_incidents", "Incidents that are not closed.", labels=["mode"])
        for mode in ("real", "drill", "live_drill"):
            incidents.add_metric([mode], sum(1 for _, m, _ in f.open if m == mode))
        yield incidents
        severity = GaugeMetricFamily("emergency_severity", "Severity, 1 blue to 4 red.", labels=["incident"])
        for code, _, rank in f.open:
            severity.add_metric([code], rank)
        yield severity
        messages = GaugeMetricFamily(
            "emergency_messages", "Messages by channel and status.", labels=["channel", "status"]
        )
        for (channel, status), count in f.outbox.items():
            messages.add_metric([channel, status], count)
        yield messages
        counts = CounterMetricFamily("emergency_counted", "What was refused, repeated or unknown.", labels=["what"])
        for name, value in f.counters.items():
            counts.add_metric([name], value)
        yield counts
        yield GaugeMetricFamily("emergency_in_flight", "Messages that wait for the provider.", value=f.in_flight)
        yield GaugeMetricFamily("emergency_trouble", "1 while something goes wrong.", value=float(f.trouble))
        yield GaugeMetricFamily("emergency_timer_overdue_seconds", "How late the first timer is.", value=f.overdue)
        yield GaugeMetricFamily(
            "emergency_backup_age_seconds", "Age of the last backup, -1 without one.", value=f.backup_age
        )


def exposition(figures: Figures) -> bytes:
    """Return the page that a monitor reads."""
    registry = CollectorRegistry()
    registry.register(_Collector(figures))
    page: bytes = generate_latest(registry)
    return page


def look(engine: Engine, trouble: str, in_flight: int) -> Figures:
    """Return the figures of this moment."""
    return Figures(engine, trouble, in_flight)
