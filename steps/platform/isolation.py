"""What a test platform keeps to itself: identities at rest, and whatever could be taken for production."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pytest_bdd import then, when

from fixtures.planted_numbers import careless_method, careless_requests
from fixtures.production_attempts import PEOPLE, STARTS
from rigs.clear_text import files_below, found_in_clear
from rigs.drivers.hn_a import HnAPlatform
from rigs.refused_start import refuses_to_start
from rigs.roles import PlatformAnswer
from steps.platform.asking import LINES, ask, china_time, dynamic_codes, register, registration, spread, verify
from steps.sampling import Sampler

REGISTER, QUERY = "ehc.ehealthcard.register", "ehc.ehealthcode.query"
PLANTED = 1000
MARK = "TEST"


@when("a thousand residents get cards and use them, well and badly", target_fixture="planted")
@when("为一千名居民发卡并用卡，其中有成功的也有出错的", target_fixture="planted")
def plant(sampler: Sampler, people: Iterator[dict[str, str]]) -> list[dict[str, str]]:
    """Wrong requests too: what goes wrong is what ends up in logs. Returns the residents.

    Each stands once where no number or name belongs, and once in the name of a method, which crosses the wire in clear:
    of those requests the journal keeps the digest.
    """
    residents = [next(people) for _ in range(PLANTED)]
    bench = sampler.run.bench
    time = china_time(bench.clock.now_ms())
    with bench.callers(LINES) as lines:
        for _ in spread(lines, enumerate(residents), partial(_live_with, time)):
            sampler.step(PLANTED)
    with bench.callers(LINES, digests_only=True) as lines:
        for _ in spread(lines, residents, lambda line, resident: ask(line, careless_method(resident), {})):
            pass
    return residents


def _live_with(time: str, line: HnAPlatform, numbered: tuple[int, dict[str, str]]) -> PlatformAnswer:
    number, resident = numbered
    card_id = register(line, resident)
    verify(line, dynamic_codes(line, card_id, 1)[0])
    ask(line, REGISTER, {**registration(resident), "gender": "7"})
    ask(line, "ehc.no.such.method", resident)
    careless = careless_requests(resident, card_id, time)
    ask(line, *careless[number % len(careless)])
    return ask(line, QUERY, {"id_type": resident["id_type"], "id_no": resident["id_no"]})


@then("none of their documents, names and numbers stands in clear in data, copies and logs")
@then("其证件号码、姓名和电话均不以明文见于数据、备份和日志")
def not_in_clear(sampler: Sampler, planted: list[dict[str, str]]) -> None:
    """Looked for in every file of the platform while it serves, and in a copy made as a backup would be."""
    host = sampler.run.bench.host
    with tempfile.TemporaryDirectory(prefix="xiangka-backup-") as folder:
        backup = shutil.copytree(host.data, Path(folder) / "backup")
        files = list(files_below([host.data, host.logs, backup, sampler.run.evidence.folder]))
        texts = {f"{number:04d}/{name}": one[name] for number, one in enumerate(planted) for name in _PRIVATE}
        found = found_in_clear(texts, files)
    for number in range(len(planted)):
        told = {name: found[key] for name in _PRIVATE if (key := f"{number:04d}/{name}") in found}
        sampler.observe(
            "id_number_at_rest",
            "in_clear" if told else "not_in_clear",
            detail={name: f"{form} in {file}" for name, (form, file) in told.items()},
        )


_PRIVATE = ("id_no", "name", "cellphone")


@when("twenty things of production are tried on it")
@when("以二十种生产环境的做法相试")
def try_production(sampler: Sampler, people: Iterator[dict[str, str]]) -> None:
    """Eight people who could be real, and twelve ways to start it where it must not stand."""
    bench = sampler.run.bench
    with bench.lines([bench.credentials.institution], apart=True) as [line]:
        for person in PEOPLE:
            answer = ask(line, REGISTER, registration({**next(people), **person.fields}))
            _observe(sampler, person.name, refused=not answer.accepted, answer=answer.code)
    for start in STARTS:
        refused = refuses_to_start(start.options, start.subject, start.key_file, bench.host.defect)
        _observe(sampler, start.name, refused=refused, answer="did not start" if refused else "served")


def _observe(sampler: Sampler, attempt: str, *, refused: bool, answer: str) -> None:
    sampler.observe(
        "production_attempt", "refused" if refused else "allowed", cell={"attempt": attempt}, detail={"answer": answer}
    )
    sampler.step(len(PEOPLE) + len(STARTS))


@then("everything it reports says that it is a test platform")
@then("它的每份报告均标注为测试")
def marked(sampler: Sampler) -> None:
    """Its health, its page, its interface description, its figures, and those its commands print."""
    admin, host = sampler.run.bench.admin, sampler.run.bench.host
    reports = {
        "health": admin.tell("GET", "/health", role="").content,
        "administration page": admin.tell("GET", "/admin", role="").content,
        "interface description": admin.tell("GET", "/openapi.json", role="").content["info"],
        "statistics": admin.tell("GET", "/api/v1/statistics?from=2026-01-01&to=2026-12-31").content,
        "printed statistics": host.prints("stats"),
        "printed statistics, JSON": host.prints("stats", "--json"),
    }
    for report, content in reports.items():
        said = str(content)
        sampler.observe("report_mark", MARK if MARK in said or "测试" in said else "none", cell={"report": report})
