"""Signing a run, and every reason not to. Whatever can be refused is refused before anybody is asked for a password."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from certification.errors import PlanError
from certification.exit_codes import ExitCode
from certification.json_text import json_value
from evidence.errors import SignatureError
from evidence.keys.folder import describe
from evidence.manifest import MANIFEST, SIGNATURES, read_manifest
from evidence.signed import require_may_follow, sign
from evidence.signer_certificates import AUTHORISER, LABORATORY, Centre, SignerCertificate, read_certificate
from evidence.verification import Verification, verify
from xiangka.clear_check import require_nothing_in_clear
from xiangka.key_secret import open_keys
from xiangka.sittings import Sitting
from xiangka.verifying import told_as_input
from xiangka.waived import require_of_centre


def sign_run(folder: Path, keys: Path, password_file: Path | None, looked_at: Collection[str] = ()) -> int:
    """Add the signature of whose keys these are to a run's manifest.

    Args:
        folder: the run's folder.
        keys: folder of the signer.
        password_file: with his password or PIN; None to ask.
        looked_at: places where he has seen that no bank card's number stands, whatever it looks like.

    Raises:
        PlanError: the run is none to be signed, or not by him now, or tells a number or a key in clear; nothing was
            written.
        SignatureError: his keys cannot be used, or are not valid now.
    """
    now = datetime.now(UTC).astimezone().replace(microsecond=0)
    _require_apart(folder, keys)
    _, der, centre = describe(keys)
    certificate = read_certificate(der)
    Centre(centre).check(certificate, now)
    with told_as_input(folder):
        stated = _require_finished(folder)
        _require_of_the_laboratory(folder, stated, certificate)
        found = _intact(folder, centre, certificate, now)
        _require_turn(folder, found, certificate, now)
        require_of_centre(folder, centre)
        if not found.signatures:  # whoever signs next signs the same bytes
            require_nothing_in_clear(folder, looked_at=looked_at)
        signer = open_keys(keys, password_file)
        place = sign(folder / MANIFEST, signer, now, run=found.run)
    print(f"{place}: signed by {signer.name} ({signer.role}) for {signer.holder.organisation}, {now.isoformat()}")
    if stated is None:
        print("The run states no laboratory (certify --laboratory), so that nobody compared it with the signer's")
    if signer.role == LABORATORY:
        print("The authoriser's signature is still missing")
    return int(ExitCode.PASSED)


def _require_apart(folder: Path, keys: Path) -> None:
    if not folder.is_dir():
        raise PlanError("is no folder", where=str(folder), remedy="name the folder of a run; a ZIP is signed unpacked")
    if keys.resolve().is_relative_to(folder.resolve()):
        raise PlanError(
            "the keys lie within the run, and would be handed on with it",
            where=str(keys),
            remedy="move them out of it, and take them for known if anybody had the run already",
        )


def _require_finished(folder: Path) -> dict[str, str] | None:
    """The names of the laboratory the run states, by language; None where it states none."""
    file = folder / "run.json"
    try:
        record = json_value(file.read_text(encoding="utf-8"))
        refusal = _refusal(record)
        stated = record.get("laboratory")
        names = None if stated is None else dict(stated["laboratory"]["name"])
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise PlanError(
            f"is no record of a run ({error})", where=str(file), remedy="copy the run's folder anew"
        ) from error
    if refusal is not None:
        what, remedy = refusal
        raise PlanError(what, where=str(folder), remedy=remedy)
    return names


def _require_of_the_laboratory(folder: Path, stated: dict[str, str] | None, certificate: SignerCertificate) -> None:
    """Refuse a signer of another organisation than the laboratory the run states, if it states one."""
    if stated is None:
        return
    organisation = certificate.holder.organisation
    both = f"{stated.get('zh')} {stated.get('en')}"
    if organisation not in (*stated.values(), both):
        raise PlanError(
            f"the run is of the laboratory {both}, and {certificate.holder.name} signs for {organisation}",
            where=str(folder),
            remedy="let that laboratory sign, with keys made for --organisation by its name; if the laboratory file "
            "told a wrong name, run anew with the right one",
        )


def _refusal(record: dict[str, Any]) -> tuple[str, str] | None:
    """Why nobody may sign a run of this record, and what to do; None if he may."""
    for sitting in (Sitting(**told) for told in record.get("sittings", ())):
        if sitting.ran_back:
            return sitting.told_of_the_clock().en, "set the clock right and run it anew"
    if (state := record.get("state")) != "finished":
        return f"the run is {state}, not finished", "go on with it (xiangka certify --resume), or run it anew"
    befell = record.get("befell", {})
    if befell.get("invalid") or record.get("overall") == "INVALID":
        return "the run is INVALID: nothing it says counts", "run it anew"
    return None


def _intact(folder: Path, centre: bytes, certificate: SignerCertificate, now: datetime) -> Verification:
    before: tuple[str, ...] = ()
    if certificate.holder.role == AUTHORISER:
        before = (LABORATORY,)
        if not (folder / SIGNATURES).exists():
            raise PlanError(
                "the authoriser signs after the laboratory, which has not signed yet",
                where=str(folder),
                remedy="let the laboratory sign first",
            )
    found = verify(folder, centre, now, before)
    if found.findings:
        first = found.findings[0]
        raise PlanError(f"does not verify: {first.where} {first.what}", where=str(folder), remedy=first.remedy)
    if found.twin:
        raise PlanError("is a redacted twin", where=str(folder), remedy="sign the full run; its twin is signed with it")
    return found


def _require_turn(folder: Path, found: Verification, certificate: SignerCertificate, now: datetime) -> None:
    made = datetime.fromisoformat(read_manifest(folder).made)
    if now < made:
        raise PlanError(
            f"the run was sealed at {made.isoformat()}, which is still to come by the clock of this machine",
            where=str(folder),
            remedy="set the clock right; if it is right, the bench's was not, and the run is to be done anew",
        )
    try:
        require_may_follow(found.signatures, certificate, now)
    except SignatureError as error:
        raise error.at(folder) from error
