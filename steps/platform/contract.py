"""Everything the platform's interface description allows, and what the gateway's grammar does, against its answers."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from pytest_bdd import when
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Err
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fixtures.gateway_grammar import questions
from rigs.errors import SubjectFaultError
from rigs.flood import Flood
from rigs.platform_link import CHANNEL
from steps.platform.apart import UNLIMITED, Apart, apart
from steps.platform.asking import register
from steps.sampling import Sampler

CASES, GRAMMAR = 1000, 5000
BATCH = 250
CONNECTIONS = 8
CARDS = 5
ANSWER_S = 10.0
SERVER_ERROR = 500
DOCUMENTED = (200, 400, 413, 429, 503)
LEFT_OUT = {
    "/api/v1/live": "its answer has no end",
    "/api/v1/test/clock": "the bench's own instrument, no part of a platform",
}
_ROLES = ("admin", "auditor", "officer", "officer2", "")


@when("each operation of its interface is asked a thousand times, as its description allows and forbids")
@when("按接口定义对每个操作各提交一千例请求，合规与不合规者兼有")
def ask_operations(sampler: Sampler) -> None:
    """Asked on a platform of its own, with every role's token in turn and with none."""
    with apart(sampler.run, *UNLIMITED) as platform, requests.Session() as session:
        schema = schemathesis.openapi.from_url(f"{platform.link.url}/openapi.json")
        for result in schema.get_all_operations():
            if isinstance(result, Err):
                raise SubjectFaultError("describes an operation that cannot be read", where=CHANNEL)
            operation = result.ok()
            if operation.path in LEFT_OUT:
                sampler.observe("operation_left_out", operation.label, detail={"why": LEFT_OUT[operation.path]})
            elif "gateways" not in (operation.tags or ()) and not sampler.failed():
                _ask(sampler, platform, session, operation)


def _ask(sampler: Sampler, platform: Apart, session: requests.Session, operation: Any) -> None:
    roles = itertools.cycle(_ROLES)
    found = Counter[tuple[str, str]]()
    last: list[Any] = []

    def one(case: Any) -> None:
        role = next(roles)
        token = platform.credentials.tokens.get(role, "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        found[_judged(case, platform.link.url, headers, session)] += 1
        last[:] = [case]

    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    for mode in modes:
        # An operation without parameters cannot be asked wrongly.
        try:
            _each(one, operation.as_strategy(generation_mode=mode), sampler.run.seed, CASES // len(modes))
        except Unsatisfiable:
            continue
    while last and found.total() < CASES:
        one(last[0])
    for (value, answer), times in found.items():
        sampler.observe(
            "api_case",
            value,
            cell={"operation": operation.label, "origin": "schema"},
            detail={"answer": answer},
            times=times,
        )
    sampler.step(CASES, found.total())


def _each(one: Callable[[Any], None], strategy: Any, number: int, cases: int) -> None:
    quiet = settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    repeated: Callable[[Callable[[Any], None]], Callable[[], None]] = given(strategy)
    seed(number)(quiet(repeated(one)))()


def _judged(case: Any, url: str, headers: dict[str, str], session: requests.Session) -> tuple[str, str]:
    response = case.call(base_url=url, headers=headers, session=session, timeout=ANSWER_S)
    status = str(response.status_code)
    if response.status_code >= SERVER_ERROR and response.status_code != 503:
        return "server_error", status
    try:
        case.validate_response(response, checks=[status_code_conformance])
    except (Failure, FailureGroup):
        return "undocumented_status", status
    try:
        case.validate_response(response, checks=[content_type_conformance, response_schema_conformance])
    except (Failure, FailureGroup) as broken:
        return "schema_break", f"{status} {type(broken).__name__}"
    return "documented", status


@when("five thousand questions of the gateway's grammar are asked, right and wrong ones")
@when("按网关语法提交五千例请求，正误兼有")
def ask_gateway(sampler: Sampler, people: Iterator[dict[str, str]], chance: Random) -> None:
    """Sealed as a hospital seals them; some are damaged on their way."""
    with apart(sampler.run, *UNLIMITED) as platform:
        residents = [next(people) for _ in range(CARDS)]
        with platform.lines(1) as [line]:
            card_ids = [register(line, resident) for resident in residents]
        source = questions(chance, card_ids, [resident["id_no"] for resident in residents])
        flood = Flood(platform.link, CONNECTIONS)
        for _ in range(GRAMMAR // BATCH):
            asked = list(itertools.islice(source, BATCH))
            bodies = [broken(platform.sealed(one.method, one.fields)) for one, broken in asked]
            replies = flood.send(bodies, sampler.run.bench.journal)
            for (one, _), reply in zip(asked, replies, strict=True):
                sampler.observe(
                    "api_case",
                    _gateway_value(reply.status, reply.code),
                    cell={"operation": one.method, "origin": "grammar"},
                    detail={"answer": reply.code or str(reply.status)},
                )
            sampler.step(GRAMMAR, BATCH)
            if sampler.failed():
                return


def _gateway_value(status: int, code: str) -> str:
    if not status or (status >= SERVER_ERROR and status != 503):
        return "server_error"
    if status not in DOCUMENTED:
        return "undocumented_status"
    return "documented" if code or status != 200 else "schema_break"
