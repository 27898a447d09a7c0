"""The platform's parsers against ten million inputs that nobody meant."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import islice
from random import Random

from pytest_bdd import when

from fixtures.card_codes import dynamic_code, static_code
from fixtures.gateway_grammar import questions
from fixtures.mutations import mutated
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import Credentials, seal_request
from reference_impl.wire.registry import Caller, client
from reference_impl.wire.vocabulary import REGIONS
from rigs.parser_fuzz import ParserProcess
from steps.sampling import Sampler

INPUTS = 10_000_000
BATCH = 20_000
SEEDS = 400
HANG_S = 1.0
SENDER = Credentials("fuzz", "0123456789abcdef0123456789abcdef", "T1")
"""The sender the parser's process knows."""
ABSENT = ("MLLP", "ESC/POS", "APDU")
"""Parsers a card platform has none of; those of its neighbours are theirs to answer for."""


def _payload_seeds(chance: Random) -> list[bytes]:
    return [make(chance).encode() for make in (static_code, dynamic_code) for _ in range(SEEDS // 2)]


def _gateway_seeds(chance: Random) -> list[bytes]:
    """Sealed with all sorts of content, so that some get past the digest."""
    asked = islice(questions(chance, ["0" * 64], ["439900199001010016"]), SEEDS)
    now_ms = time.time_ns() // 1_000_000
    return [json.dumps(seal_request(HN_A, SENDER, one.method, one.fields, now_ms)).encode() for one, _ in asked]


def _jc3_seeds(chance: Random) -> list[bytes]:
    caller = client("primary-care", Caller(SENDER, chance.randbytes))
    now_ms = time.time_ns() // 1_000_000
    return [
        caller.seal_call(REGIONS, {"area_code": f"4399{number:08d}", "page_index": "1"}, now_ms).http.body
        for number in range(SEEDS)
    ]


PARSERS: dict[str, Callable[[Random], list[bytes]]] = {
    "QR payload": _payload_seeds,
    "gateway envelope": _gateway_seeds,
    "JC3 envelope": _jc3_seeds,
}


@when("each of its parsers is fed its share of ten million mutated inputs")
@when("向各解析器共输入一千万个变异样本")
def fuzz(sampler: Sampler, chance: Random) -> None:
    """Each in a process of its own; the first input that does harm ends it."""
    for parser, make in PARSERS.items():
        process = ParserProcess(parser, sampler.run.bench.host.defect)
        try:
            inputs = mutated(make(chance), chance)
            for _ in range(-(-INPUTS // len(PARSERS) // BATCH)):
                _feed(sampler, parser, process, list(islice(inputs, BATCH)))
                if sampler.failed():
                    return
            sampler.observe("rss", round(process.peak_mb(), 1), unit="MB", cell={"parser": parser})
        finally:
            process.close()
    for parser in ABSENT:
        sampler.observe("parser_absent", parser, detail={"why": "the platform has none"})


def _feed(sampler: Sampler, parser: str, process: ParserProcess, batch: list[bytes]) -> None:
    fed = process.feed(batch)
    raised = sum(fed.exceptions.values())
    cell: dict[str, str | float] = {"parser": parser}
    for name, times in fed.exceptions.items():
        sampler.observe("fuzz_input", "uncaught_exception", cell=cell, detail={"exception": name}, times=times)
    if fed.ended or fed.slowest_s > HANG_S:
        value = "uncaught_exception" if fed.ended == "ended" else "hang"
        sampler.observe("fuzz_input", value, cell=cell, detail={"slowest_s": round(fed.slowest_s, 3)})
    if (sound := fed.inputs - raised) > 0 and not fed.ended:
        sampler.observe("fuzz_input", "handled", cell=cell, times=sound)
    sampler.step(INPUTS, fed.inputs)
