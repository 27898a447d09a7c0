"""The serial link: scripted exchanges of the device's protocol, compared byte by byte."""

from __future__ import annotations

from pytest_bdd import when

from steps.sampling import Sampler

HANG_S = 2.0


@when("forty scripted exchanges are made on its serial link")
@when("在其串行链路上完成四十次脚本化报文交换")
def exchanges(sampler: Sampler) -> None:
    """Framing, checksum, split and glued writes, line rates, break and garbage."""
    script = sampler.run.bench.scanner.exchanges()
    for make in script:
        exchange = make()
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
