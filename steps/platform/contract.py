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
from schemathesis.errors import LoaderError
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fixtures.gateway_grammar import questions
from rigs.errors import SubjectFaultError
from rigs.flood import GATEWAY, Flood, Reply
from rigs.platform_link import CHANNEL
from steps.platform.apart import UNLIMITED, Apart, apart
from steps.platform.asking import register
from steps.sampling import Sampler

CASES, GRAMMAR = 1000, 5000
BATCH = 250
CONNECTIONS = 8
CARDS = 5
ANSWER_S = 10.0
HTTP_OK = 200
SERVER_ERROR = 500
OVERLOADED = 503
TOO_LARGE = 512 * 1024
"""Bytes no request of any dialect needs."""
TIGHT = ("--quota", "address=1")
TRIES = 3
"""So many at once are more than ``TIGHT`` lets through."""
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
        for operation in _operations(_description(platform)):
            if operation.path in LEFT_OUT:
                sampler.observe("operation_left_out", operation.label, detail={"why": LEFT_OUT[operation.path]})
            elif not _is_gateway(operation) and not sampler.failed():
                _ask(sampler, platform, session, operation)


def _description(platform: Apart) -> Any:
    try:
        return schemathesis.openapi.from_url(f"{platform.link.url}/openapi.json")
    except LoaderError as error:
        raise SubjectFaultError("does not describe its interface at /openapi.json", where=CHANNEL) from error


def _operations(description: Any) -> Iterator[Any]:
    for result in description.get_all_operations():
        if isinstance(result, Err):
            raise SubjectFaultError("describes an operation that cannot be read", where=CHANNEL)
        yield result.ok()


def _is_gateway(operation: Any) -> bool:
    return "gateways" in (operation.tags or ())


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
    return judged(case, case.call(base_url=url, headers=headers, session=session, timeout=ANSWER_S))


def judged(case: Any, response: requests.Response) -> tuple[str, str]:
    """What an answer is by its description: documented or what is wrong with it, and the answer in a few words."""
    status = str(response.status_code)
    if response.status_code >= SERVER_ERROR and response.status_code != OVERLOADED:
        return "server_error", status
    try:
        case.validate_response(response, checks=[status_code_conformance])
    except (Failure, FailureGroup):
        return "undocumented_status", status
    checks = [content_type_conformance, response_headers_conformance, response_schema_conformance]
    try:
        case.validate_response(response, checks=checks)
    except (Failure, FailureGroup) as broken:
        return "schema_break", f"{status} {type(broken).__name__}"
    return "documented", status


@when("five thousand questions of the gateway's grammar are asked, right and wrong ones")
@when("按网关语法提交五千例请求，正误兼有")
def ask_gateway(sampler: Sampler, people: Iterator[dict[str, str]], chance: Random) -> None:
    """Sealed as a hospital seals them; some are damaged on their way. What is not even read comes first."""
    _ask_unreadably(sampler)
    if sampler.failed():
        return
    with apart(sampler.run, *UNLIMITED) as platform:
        described = _description(platform).find_operation_by_label(f"POST {GATEWAY}")
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
                    gateway_value(reply, described),
                    cell={"operation": one.method, "origin": "grammar"},
                    detail={"answer": reply.code or str(reply.status)},
                )
            sampler.step(GRAMMAR, BATCH)
            if sampler.failed():
                return


def gateway_value(reply: Reply, described: Any) -> str:
    """What a gateway's answer is by its description; ``described`` is the operation, None where there is none."""
    if not reply.status or (reply.status >= SERVER_ERROR and reply.status != OVERLOADED):
        return "server_error"
    if described is None or described.responses.find_by_status_code(reply.status) is None:
        return "undocumented_status"
    return "documented" if reply.code or reply.status != HTTP_OK else "schema_break"


def _ask_unreadably(sampler: Sampler) -> None:
    """Ask every gateway there is in another method, with too much, and too often: in no dialect's words."""
    with apart(sampler.run, *UNLIMITED) as platform:
        for operation in filter(_is_gateway, _operations(_description(platform))):
            _ask_plainly(sampler, platform, operation, "GET", b"")
            _ask_plainly(sampler, platform, operation, "POST", b" " * TOO_LARGE)
    with apart(sampler.run, *TIGHT) as platform:
        for operation in filter(_is_gateway, _operations(_description(platform))):
            for _ in range(TRIES):
                _ask_plainly(sampler, platform, operation, "POST", b"")


def _ask_plainly(sampler: Sampler, platform: Apart, operation: Any, method: str, body: bytes) -> None:
    address, life = platform.link.url + operation.path, platform.link.life
    try:
        response = requests.request(method, address, data=body, timeout=ANSWER_S)
    except requests.RequestException as error:
        raise platform.link.silence(error, life) from error
    value, answer = judged(operation.Case(), response)
    cell: dict[str, str | float] = {"operation": f"{method} {operation.path}", "origin": "grammar"}
    sampler.observe("api_case", value, cell=cell, detail={"answer": answer})
