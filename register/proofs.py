"""A run folder as proof for a certificate: verified, judged enough, and what a certificate will say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from certification.catalogue import Text
from certification.certifiable import Proof, excused_rows, obstacles
from certification.certificates import CHINA, Shown, Subject
from certification.errors import PlanError
from certification.verdicts import Verdict
from certification.waivers import WeighedWaiver, overall_with_waivers
from evidence.chain import sm3
from evidence.manifest import MANIFEST, SIGNATURES
from evidence.signer_certificates import LABORATORY
from evidence.verification import Verification, verify
from register.emulation import emulated_parts
from register.errors import BrokenRegisterError
from register.judged_runs import judged_run
from register.run_reports import report_numbers
from register.run_waivers import weighed_waivers
from reports.judged_run import JudgedAgain
from reports.laboratory_facts import unstated
from reports.run_folder import RunFolder, read_run_folder
from reports.run_record import RunRecord


@dataclass(frozen=True)
class Proven:
    """What a run shows.

    Attributes:
        subject: what was tested.
        shown: the firmware that is covered by it.
        laboratory: who tested.
        authorisation: number under which the laboratory may.
        waived_until: last day of the first of its waivers to end; None where it had none.
        started, finished: when it began and ended.
        manifest, manifest_signature: files of the run.
    """

    subject: Subject
    shown: Shown
    laboratory: Text
    authorisation: str
    waived_until: date | None
    started: datetime
    finished: datetime
    manifest: bytes
    manifest_signature: bytes

    @property
    def documents(self) -> Mapping[str, bytes]:
        """The files the register keeps of the run, by the name they are kept under."""
        return {
            f"manifest-{self.shown.run}.json": self.manifest,
            f"manifest-{self.shown.run}.sig": self.manifest_signature,
        }


def proven(run: Path, centre: bytes, now: datetime, *, specimen: bool) -> Proven:
    """Read a run that a certificate shall rest on.

    Args:
        run: folder of the run.
        centre: public root certificates of the register's centre, PEM.
        now: moment of the act.
        specimen: whether the register keeps specimens.

    Raises:
        BrokenRegisterError: the run does not verify, not both signatures stand under it, or its verdicts are not what
            its evidence gives.
        PlanError: it does not suffice, or was signed by another laboratory than it names.
        ReportError: the folder cannot be read.
    """
    if not run.is_dir():
        raise PlanError("there is no such folder", where=str(run), remedy="give the folder of a signed run")
    verified = _require_verified(run, centre, now)
    folder = read_run_folder(run)
    judged = judged_run(run)
    waivers = weighed_waivers(run, folder.run, judged.rows, judged.run.catalogue.catalogue, centre)
    proof = _proof(folder, judged, waivers)
    for obstacle in obstacles(proof, now, specimen=specimen):
        raise PlanError(obstacle.what, where=str(run), remedy=obstacle.remedy)
    record = folder.run
    if record.laboratory is None or record.finished is None:
        raise AssertionError("a run without them has obstacles")
    if not specimen:
        _demand_laboratory(verified, record.laboratory.laboratory.name, run)
    manifest = (run / MANIFEST).read_bytes()
    digest = sm3(manifest).hex()
    return Proven(
        subject=_subject(record),
        shown=replace(_shown(record, proof, digest), reports=report_numbers(run, digest, centre)),
        laboratory=Text.model_validate(record.laboratory.laboratory.name.model_dump()),
        authorisation=record.laboratory.laboratory.authorisation_number,
        waived_until=min((one.filed.waiver.expires for one in _applied(waivers)), default=None),
        started=record.started,
        finished=record.finished,
        manifest=manifest,
        manifest_signature=(run / SIGNATURES).read_bytes(),
    )


def _require_verified(run: Path, centre: bytes, now: datetime) -> Verification:
    found = verify(run, centre, now)
    if not found.holds:
        first = found.findings[0]
        raise BrokenRegisterError(first.what, where=f"{run}, {first.where}", remedy=first.remedy)
    if found.twin:
        raise PlanError(
            "this is the redacted twin of a run", where=str(run), remedy="give the folder with the whole evidence"
        )
    return found


def _demand_laboratory(verified: Verification, name: Text, run: Path) -> None:
    """Nobody but the laboratory itself signs for what is printed under its name."""
    for one in verified.signatures:
        organisation = one.certificate.holder.organisation
        if one.role == LABORATORY and organisation.strip() not in (name.zh.strip(), name.en.strip()):
            raise PlanError(
                f"names {name.zh} as its laboratory, and {one.signer} of {organisation} signed for the laboratory",
                where=str(run),
                remedy="let the laboratory that tested sign, its certificate made out to the name it gives there",
            )


def _proof(folder: RunFolder, judged: JudgedAgain, waivers: Sequence[WeighedWaiver]) -> Proof:
    run = folder.run
    weighed = waivers and judged.overall in (Verdict.PASS, Verdict.FAIL)
    digest = run.subject.identity.get("firmware_sha256")
    return Proof(
        state=run.state,
        overall=judged.overall,
        overall_with_waivers=str(overall_with_waivers(judged.rows, waivers)) if weighed else None,
        emulated=run.emulated,
        emulated_parts=tuple(emulated_parts(run)),
        defect=run.defect,
        declared=run.subject.declared,
        firmware_sha256=digest and digest.lower(),
        finished=run.finished,
        rows=judged.rows,
        excused=excused_rows(judged.run.standing, judged.run.catalogue.catalogue),
        waived={one.filed.waiver.requirement: one.filed.waiver.id for one in _applied(waivers)},
        unstated=[fact.name.en for fact in unstated(run.laboratory)],
    )


def _applied(waivers: Sequence[WeighedWaiver]) -> list[WeighedWaiver]:
    """Waivers that lifted a failure; a known issue only explains one."""
    return [one for one in waivers if one.accepts(one.filed.waiver.requirement)]


def _subject(run: RunRecord) -> Subject:
    filed = run.subject.identity
    names = ("vendor", "model", "hardware", "filing_number")
    return Subject(run.subject.kind, *(filed.get(name) or "" for name in names))


def _shown(run: RunRecord, proof: Proof, manifest_sm3: str) -> Shown:
    finished = run.finished or run.started
    return Shown(
        firmware=run.subject.identity.get("firmware") or "",
        firmware_sha256=proof.firmware_sha256 or "",
        run=run.run,
        manifest_sm3=manifest_sm3,
        plan=run.plan.name,
        catalogue=run.versions.catalogue,
        finished=finished.astimezone(CHINA).date(),
        open_rows=proof.open_rows,
        waivers=proof.waived,
    )
