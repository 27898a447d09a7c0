"""The serial link: scripted exchanges of the device's protocol, compared byte by byte."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from pytest_bdd import when

from rigs.optics.frames import Frame
from rigs.roles import Exchange
from steps.samples import plain
from steps.sampling import Sampler, Trial, shortened

HANG_S = 2.0


@when("forty scripted exchanges are made on its serial link")
@when("在其串行链路上完成四十次脚本化报文交换")
def exchanges(sampler: Sampler, chance: Random) -> None:
    """Framing, checksum, split and glued writes, line rates, break and garbage.

    A device without commands has nothing to say to any of it, so each exchange ends with a code it must still deliver.
    """
    scanner = sampler.run.bench.scanner
    script = scanner.exchanges()
    codes = iter(()) if scanner.answers_commands else sampler.prepared(Trial(plain(chance)) for _ in script)
    for make in script:
        exchange = make()
        if not scanner.answers_commands:
            exchange = _followed_by_a_code(sampler, exchange, *next(codes))
        detail: dict[str, str | float] = {
            "name": exchange.name,
            "expected": exchange.expected,
            "received": exchange.received,
            "seconds": round(exchange.seconds, 4),
        }
        sampler.observe("exchange", "exact" if exchange.exact else "wrong", journal=exchange.journal, detail=detail)
        sampler.observe(
            "hang", "hang" if exchange.seconds > HANG_S else "none", journal=exchange.journal, detail=detail
        )
        sampler.step(len(script))


def _followed_by_a_code(sampler: Sampler, exchange: Exchange, trial: Trial, frame: Frame) -> Exchange:
    """The exchange with a code after it, which counts as its last answer."""
    reading = sampler.run.station.read(frame, trial.expected)
    received = " | ".join(shortened(delivery.data) for delivery in reading.deliveries) or "nothing"
    return replace(
        exchange,
        exact=exchange.exact and reading.outcome == "exact",
        seconds=max(exchange.seconds, reading.latency_ms / 1000),
        expected=f"{exchange.expected}, then {shortened(trial.expected[0])}",
        received=f"{exchange.received}, then {received}",
        journal=(min(exchange.journal[0], reading.journal[0]), max(exchange.journal[1], reading.journal[1])),
    )
