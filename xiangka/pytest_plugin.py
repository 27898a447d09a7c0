"""Lets pytest run the scenarios of a run: on behalf of ``xiangka certify``, or for a developer by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from certification.errors import PlanError
from fixtures.run import RUN
from rigs.disk import NoRoomError
from rigs.errors import NotAssessedError, RigError, SubjectFaultError
from steps.criterion import NonconformityError, UndecidedError
from xiangka.asked import DEFAULT_BENCH, RunOptions
from xiangka.certification_run import CertificationRun
from xiangka.ending import end
from xiangka.watching import Silent

CERTIFICATION = pytest.StashKey[CertificationRun]()
IDENTITY_LAST = "EHC-TRM-002"
"""Compares the identity of the whole run, so it runs last."""


def requirement_of(item: pytest.Item) -> str | None:
    """The requirement a scenario is tagged with; None for an ordinary test."""
    marker = item.get_closest_marker("requirement")
    return None if marker is None else str(marker.args[0])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options for a developer who runs ``pytest features``."""
    group = parser.getgroup("xiangka")
    group.addoption("--bench", type=Path, default=DEFAULT_BENCH, help="bench file (TOML)")
    group.addoption("--subject", type=Path, default=None, help="subject file (TOML)")
    group.addoption("--seed", type=int, default=1, help="source of every random choice")
    group.addoption("--defect", default=None, help="deliberate defect of the emulated subject")


def pytest_bdd_apply_tag(tag: str, function: Callable[..., Any]) -> bool:
    """A scenario's tag is its requirement."""
    pytest.mark.requirement(tag)(function)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put scenarios into catalogue order and leave out what the plan leaves out."""
    certification = config.stash.get(CERTIFICATION, None)
    if certification is None:
        return
    order = list(certification.plan.rows)
    items.sort(key=lambda item: _place(requirement_of(item), order))
    left_out = [item for item in items if requirement_of(item) not in certification.ahead]
    items[:] = [item for item in items if requirement_of(item) in certification.ahead]
    config.hook.pytest_deselected(items=left_out)
    certification.watcher.planned(len(items))


def _place(requirement: str | None, order: list[str]) -> int:
    if requirement is None:
        return -1
    return len(order) if requirement == IDENTITY_LAST else order.index(requirement)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Open a run for a developer's session, if it has scenarios and ``xiangka certify`` has not opened one."""
    config = session.config
    if CERTIFICATION in config.stash or config.option.collectonly:
        return
    wanted = [requirement for item in session.items if (requirement := requirement_of(item)) is not None]
    if not wanted:
        return
    options = RunOptions(
        bench=config.option.bench,
        subject=config.option.subject,
        seed=config.option.seed,
        defect=config.option.defect,
        only=tuple(sorted(set(wanted))),
    )
    try:
        certification = CertificationRun(options, Silent())
        certification.open()
    except (PlanError, RigError) as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[CERTIFICATION] = certification
    config.stash[RUN] = certification.run
    config.add_cleanup(lambda: _close(certification))


def _close(certification: CertificationRun) -> None:
    end(certification, "finished")
    Console(stderr=True).print(f"report: {certification.folder / 'report.html'}", highlight=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tell the watcher about each scenario, and compare the identity after it."""
    requirement = requirement_of(item)
    certification = item.config.stash.get(CERTIFICATION, None)
    if requirement is None or certification is None:
        return (yield)
    row = certification.catalogue[requirement]
    item.user_properties.append(("requirement", requirement))
    certification.watcher.started(requirement, row.title.zh)
    start = time.monotonic()
    result = yield
    _after(item, certification, requirement, time.monotonic() - start)
    return result


def _after(item: pytest.Item, certification: CertificationRun, requirement: str, seconds: float) -> None:
    run = certification.run
    if not certification.broken:
        try:
            certification.check_identity() if all(run.identity_checks) else certification.identity_changed()
        except SubjectFaultError as error:
            certification.subject_fault(requirement, error)
            _revive(certification)
        except RigError as error:
            certification.rig_error(None, error)
    try:
        certification.row_finished(requirement, seconds)
    except NoRoomError as error:
        certification.rig_error(requirement, error)
    verdict = next(row.verdict for row in certification.rows() if row.requirement == requirement)
    certification.watcher.finished(requirement, verdict, certification.durations[requirement])
    if certification.broken:
        item.session.shouldstop = "the bench failed"
    elif certification.gone:
        item.session.shouldstop = "the subject is gone"
    elif certification.invalid:
        item.session.shouldstop = "the subject changed its identity"


def _revive(certification: CertificationRun) -> None:
    """Wait for a subject that stopped answering, and start it again where the bench runs it."""
    try:
        if not certification.bench.revive():
            certification.subject_gone()
    except SubjectFaultError:
        certification.subject_gone()
    except RigError as error:
        certification.rig_error(None, error)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Blame the bench for a scenario that ended in a RigError, the subject for one it broke off, and nobody for one
    that the operator left out."""
    report = yield
    requirement = requirement_of(item)
    certification = item.config.stash.get(CERTIFICATION, None)
    if requirement is not None and certification is not None and call.excinfo is not None:
        error = call.excinfo.value
        if isinstance(error, RigError):
            certification.rig_error(requirement, error)
            report.longrepr = f"RIG_ERROR {error}"
        elif isinstance(error, SubjectFaultError):
            certification.subject_fault(requirement, error)
            report.longrepr = f"FAIL {error}"
        elif isinstance(error, NotAssessedError):
            certification.not_assessed(requirement, error)
            report.outcome = "skipped"
            report.longrepr = (str(item.path), 0, f"NOT_ASSESSED {error}")
        elif not isinstance(error, NonconformityError | UndecidedError):
            certification.harness_error(requirement, error)
    return report
