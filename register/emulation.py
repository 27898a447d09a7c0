"""What the bench and the instruments of a run say were emulated, whatever the run says of itself as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reports.run_record import RunRecord


def emulated_parts(run: RunRecord) -> Iterator[str]:
    """Parts of the bench that were software by its settings: tables of the bench file, and roles of instruments."""
    for name, table in run.bench.settings.items():
        if not isinstance(table, Mapping):
            continue
        scripted = (name, table.get("driver")) in (("operator", "scripted"), ("presenter", "frame-port"))
        if table.get("emulated") is not None or scripted:
            yield f"[{name}]"
    platform = run.bench.settings.get("platform")
    if run.subject.kind == "platform" and isinstance(platform, Mapping) and platform.get("reference") is not None:
        yield "[platform.reference]"
    yield from (one.role for one in run.instruments if one.emulated)
    if run.clock_factor != 1.0:
        yield f"a clock {run.clock_factor:g} times as fast"
