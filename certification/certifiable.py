"""Whether a run is enough for a certificate: recent, of a filed subject, passed, with no mandatory row left open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from certification.catalogue import Catalogue, Level
from certification.standing import Standing
from certification.verdicts import Row, Verdict

RUN_DAYS = 180
"""How old a run may be when a certificate is founded on it; this project's proposal, no rule says how old."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


def excused_rows(standing: Standing, catalogue: Catalogue) -> tuple[str, ...]:
    """Rows a run's record lets off with what only observations, or the statement of the subject, can give.

    A row that applies is not made inapplicable by a word, and none is passed by one.
    """
    return tuple(
        row
        for row, found in standing.circumstances.items()
        if found.verdict is Verdict.PASS
        or (found.verdict is Verdict.NOT_APPLICABLE and row in catalogue and _applies(row, standing, catalogue))
    )


def _applies(row: str, standing: Standing, catalogue: Catalogue) -> bool:
    option = catalogue[row].applies_if
    return option is None or option in standing.options


@dataclass(frozen=True)
class Proof:
    """What is asked of a run before it is certified on.

    Attributes:
        state, overall: as the run records them.
        overall_with_waivers: the word over it with its waivers applied; None where it had none.
        emulated: whether the run says that any part of the subject was emulated.
        emulated_parts: what its bench and instruments say were emulated.
        defect: a deliberate defect of the subject, or None.
        declared: whether somebody filed the identity.
        firmware_sha256: as filed.
        finished: when it ended; None where it did not.
        rows: verdicts on every row asked of its kind of subject, as they follow from its evidence.
        excused: rows its record lets off, see `excused_rows`.
        waived: waivers that were applied, by row.
        unstated: facts a report must state that nobody stated, by name.
    """

    state: str
    overall: str
    overall_with_waivers: str | None
    emulated: bool
    emulated_parts: Sequence[str]
    defect: str | None
    declared: bool
    firmware_sha256: str | None
    finished: datetime | None
    rows: Sequence[Row]
    excused: Sequence[str]
    waived: Mapping[str, str]
    unstated: Sequence[str] = ()

    @property
    def open_rows(self) -> tuple[str, ...]:
        """Mandatory rows that apply and that neither passed nor were waived after they had failed."""
        return tuple(
            row.requirement
            for row in self.rows
            if row.level is Level.SHALL
            and row.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)
            and not (row.verdict is Verdict.FAIL and row.requirement in self.waived)
        )


@dataclass(frozen=True)
class Obstacle:
    """What stands in the way of a certificate, and what to do."""

    what: str
    remedy: str


_ON_DEVICE = "run the whole plan again on the device itself"
_CLOCK = "set the clock of the machine right that is wrong, this one or the laboratory's"


def obstacles(proof: Proof, now: datetime, *, specimen: bool) -> Iterator[Obstacle]:
    """What stands in the way of certifying on a run, gravest first.

    Args:
        proof: the run.
        now: the moment of the act, with its zone.
        specimen: whether for a specimen, which may rest on an emulated device and on a part of the rows.
    """
    if proof.state != "finished":
        yield Obstacle(f"the run is {proof.state}", "finish it with `xiangka certify --resume`")
    word = proof.overall_with_waivers or proof.overall
    if word != "PASS":
        yield Obstacle(f"the run's overall verdict is {word}", "certify on a run that passed")
    yield from _of_its_age(proof, now)
    if proof.defect is not None:
        yield Obstacle(f"a deliberate defect was planted in its subject ({proof.defect})", _ON_DEVICE)
    yield from _of_its_subject(proof, specimen=specimen)
    if proof.unstated:
        yield Obstacle(
            f"the run does not state {', '.join(proof.unstated)}", "run it with a laboratory file (--laboratory)"
        )
    if proof.excused:
        yield Obstacle(f"its record lets off rows that apply ({_few(proof.excused)})", _ON_DEVICE)
    if proof.open_rows and not specimen:
        yield Obstacle(f"{len(proof.open_rows)} mandatory rows are open ({_few(proof.open_rows)})", _ON_DEVICE)


def _of_its_age(proof: Proof, now: datetime) -> Iterator[Obstacle]:
    if proof.finished is None:
        return
    if proof.finished > now:
        yield Obstacle(f"the run ended on {proof.finished:%Y-%m-%d %H:%M}, which is still to come", _CLOCK)
    if now - proof.finished > timedelta(days=RUN_DAYS):
        yield Obstacle(
            f"the run ended on {proof.finished:%Y-%m-%d}, more than {RUN_DAYS} days ago",
            "run the whole plan again: the device may be another by now",
        )


def _of_its_subject(proof: Proof, *, specimen: bool) -> Iterator[Obstacle]:
    if not proof.declared:
        yield Obstacle("nobody filed the subject's identity", "run it with --subject")
    if not proof.firmware_sha256 or not _SHA256.fullmatch(proof.firmware_sha256):
        yield Obstacle(
            "the subject file names no firmware_sha256, so nobody could tell which firmware is covered",
            "let the vendor file it, and run the plan again",
        )
    if proof.emulated_parts and not proof.emulated:
        yield Obstacle(f"it says hardware, and its bench says emulated: {_few(proof.emulated_parts)}", _ON_DEVICE)
    if proof.emulated and not specimen:
        yield Obstacle(
            "the subject was emulated, and an emulated run certifies nothing",
            "certify on a run with the device itself, or keep specimens in a register made with --specimen",
        )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
