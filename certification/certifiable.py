"""Whether a run is enough for a certificate: finished, of a filed subject, passed, with no mandatory row left open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from certification.catalogue import Level
from certification.verdicts import Row, Verdict


@dataclass(frozen=True)
class Proof:
    """What is asked of a run before it is certified on.

    Attributes:
        state, overall: as the run records them.
        overall_with_waivers: the word over it with its waivers applied; None where it had none.
        emulated: whether any part of the subject was emulated.
        defect: a deliberate defect of the subject, or None.
        declared: whether somebody filed the identity.
        firmware_sha256: as filed.
        rows: all its verdicts.
        waived: waivers that were applied, by row.
        unstated: facts a report must state that nobody stated, by name.
    """

    state: str
    overall: str
    overall_with_waivers: str | None
    emulated: bool
    defect: str | None
    declared: bool
    firmware_sha256: str | None
    rows: Sequence[Row]
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


def obstacles(proof: Proof, *, specimen: bool) -> Iterator[Obstacle]:
    """What stands in the way of certifying on a run, gravest first.

    Args:
        proof: the run.
        specimen: whether for a specimen, which may rest on an emulated device and on a part of the rows.
    """
    if proof.state != "finished":
        yield Obstacle(f"the run is {proof.state}", "finish it with `xiangka certify --resume`")
    word = proof.overall_with_waivers or proof.overall
    if word != "PASS":
        yield Obstacle(f"the run's overall verdict is {word}", "certify on a run that passed")
    if proof.defect is not None:
        yield Obstacle(f"a deliberate defect was planted in its subject ({proof.defect})", _ON_DEVICE)
    if not proof.declared:
        yield Obstacle("nobody filed the subject's identity", "run it with --subject")
    if not proof.firmware_sha256:
        yield Obstacle(
            "the subject file names no firmware_sha256, so nobody could tell which firmware is covered",
            "let the vendor file it, and run the plan again",
        )
    if proof.emulated and not specimen:
        yield Obstacle(
            "the subject was emulated, and an emulated run certifies nothing",
            "certify on a run with the device itself, or keep specimens in a register made with --specimen",
        )
    if proof.unstated:
        yield Obstacle(
            f"the run does not state {', '.join(proof.unstated)}", "run it with a laboratory file (--laboratory)"
        )
    if proof.open_rows and not specimen:
        named = ", ".join(proof.open_rows[:3]) + (", …" if len(proof.open_rows) > 3 else "")
        yield Obstacle(f"{len(proof.open_rows)} mandatory rows are open ({named})", _ON_DEVICE)
