"""Files of waivers with the signatures beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from certification.catalogue import Catalogue, Text
from certification.errors import PlanError
from certification.subject_file import read_toml
from certification.toml_errors import first_problem
from certification.waivers import SIGNERS, FiledWaiver, Waiver
from evidence.chain import sm3
from evidence.errors import SignatureError
from evidence.signed import check, signature_path

_NO_CENTRE = Text(
    zh="未给出中心证书（--centre），签名无从核验",
    en="without the centre's certificate (--centre) nobody can tell who signed it",
)
_NO_SIGNATURE = Text(zh="旁边没有签名文件", en="there is no signature beside it")
SUFFIX = ".toml"
ROLES = {
    "authoriser": Text(zh="授权签字人", en="authoriser"),
    "laboratory": Text(zh="实验室", en="laboratory"),
}


def read_waiver(path: Path, catalogue: Catalogue) -> Waiver:
    """Read a waiver.

    Raises:
        PlanError: it cannot be read, has a blank, wrong or missing key, or is about a row the catalogue does not have.
    """
    data = read_toml(path, remedy="check the path")
    if blank := list(_blank(data)):
        raise PlanError(f"left blank: {', '.join(blank)}", where=str(path), remedy="fill each in")
    try:
        waiver = Waiver.model_validate(data)
    except ValidationError as error:
        what, remedy = first_problem(error, Waiver)
        raise PlanError(what, where=str(path), remedy=remedy) from error
    if waiver.requirement not in catalogue:
        raise PlanError(
            f"the catalogue has no row {waiver.requirement}", where=str(path), remedy="see `xiangka catalogue list`"
        )
    return waiver


def read_filed(path: Path, catalogue: Catalogue, centre: bytes | None) -> FiledWaiver:
    """Read a waiver and look at its signatures; one that does not count is no error here.

    Args:
        path: the file; its signatures stand beside it.
        catalogue: the catalogue whose rows it may be about.
        centre: the centre's root certificates, PEM.

    Raises:
        PlanError: the waiver is none.
    """
    waiver = read_waiver(path, catalogue)
    signers = signatures_of(path, waiver.kind, centre)
    return FiledWaiver(waiver, path.name, sm3(path.read_bytes()).hex(), signers.names, signers.why, signers.since)


def read_all(paths: Sequence[Path], catalogue: Catalogue, centre: bytes | None) -> tuple[FiledWaiver, ...]:
    """Read the waivers of a run.

    Raises:
        PlanError: one is none, or is not named like one, or two have the same number or the same name.
    """
    for path in paths:
        if path.suffix != SUFFIX:
            raise PlanError("is no name of a waiver", where=str(path), remedy=f"let it end in {SUFFIX}")
    filed = tuple(read_filed(path, catalogue, centre) for path in paths)
    for what, names in (
        ("number", [one.waiver.id for one in filed]),
        ("name", [one.file for one in filed]),
    ):
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise PlanError(f"two waivers have the {what} {twice}", where="--waivers", remedy="give each once")
    return filed


@dataclass(frozen=True)
class Signers:
    """Who signed a waiver.

    Attributes:
        names: their names, by role.
        why: why that does not count; None where it does.
        since: when the first whose role suffices signed; None where none has.
    """

    names: dict[str, str]
    why: Text | None
    since: datetime | None = None


def signatures_of(path: Path, kind: str, centre: bytes | None) -> Signers:
    """Who signed a waiver of a kind."""
    try:
        written = signature_path(path).read_bytes()
    except OSError:
        return Signers({}, _NO_SIGNATURE)
    if centre is None:
        return Signers({}, _NO_CENTRE)
    try:
        signatures = check(path.read_bytes(), written, centre, now=datetime.now(UTC), file=path.name)
    except SignatureError as error:
        return Signers({}, Text(zh=f"签名不成立（{error.what}）", en=f"its signature does not hold ({error.what})"))
    names = {one.role: one.signer for one in signatures}
    if not (counting := [one.signed_at for one in signatures if one.role in SIGNERS[kind]]):
        missing = ROLES["authoriser"]
        return Signers(names, Text(zh=f"缺少{missing.zh}的签名", en=f"the {missing.en} has not signed it"))
    return Signers(names, None, min(counting))


def _blank(data: dict[str, Any], above: str = "") -> Iterator[str]:
    """Keys that are still to be filled in."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _blank(value, f"{above}{key}.")
        elif isinstance(value, str) and not value.strip():
            yield above + key
