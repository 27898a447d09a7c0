"""``xiangka report verify``: whether a run, or its redacted twin, is what was signed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certification.exit_codes import ExitCode
from xiangka.printable import printable, writable

if TYPE_CHECKING:
    from evidence.signed import Signature
    from evidence.verification import Verification
    from xiangka.cli import Commands

_ROLES = ("laboratory", "authoriser")
_TOLD = 10
"""Findings that are printed; the first is the one to look at, and JSON has them all."""


def add_verify(actions: Commands) -> None:
    """Add the action."""
    verify = actions.add_parser(
        "verify", help="tell whether a run, its redacted twin, or a ZIP of either is what was signed; no network"
    )
    verify.add_argument("path", type=Path, metavar="DIR|ZIP", help="a run's folder, its twin, or a ZIP of either")
    verify.add_argument(
        "--centre", type=Path, metavar="F", help="the centre's public certificates, centre.pem (else $XIANGKA_CENTRE)"
    )
    verify.add_argument(
        "--signed-by",
        action="append",
        choices=_ROLES,
        metavar="|".join(_ROLES),
        help="the one role that must have signed (default: both)",
    )
    verify.add_argument("--json", action="store_true", help="tell what was found as JSON")
    verify.set_defaults(command=_verify)


def _verify(options: argparse.Namespace) -> int:
    from xiangka.verifying import centre_file, verified

    found = verified(options.path, centre_file(options.centre), options.signed_by or _ROLES)
    if options.json:
        print(writable(json.dumps(_as_record(found), ensure_ascii=False, indent=1)))
    else:
        print("\n".join(printable(line) for line in _told(found)))
    return int(ExitCode.PASSED if found.holds else ExitCode.FAILED)


def _told(found: Verification) -> Iterator[str]:
    form = "公开版 redacted twin" if found.twin else "完整版 full run"
    if found.run is not None:
        yield f"{found.run} · {form}"
    yield from (f"  签名 signed: {_signer(one)}" for one in found.signatures)
    for name, signatures in found.additions.items():
        yield f"  {name}: {'; '.join(map(_signer, signatures))}"
    if found.run is not None:
        yield f"  文件 files as listed: {found.files}"
    yield from (f"  {name}: {records} 条记录相接 records hold together" for name, records in found.records.items())
    yield from (f"  {remark}" for remark in found.remarks if remark not in found.of_the_place)
    if found.holds:
        yield "; ".join(("核验通过 · verified: nothing differs from what was signed", *found.of_the_place))
        return
    yield from (f"  {remark}" for remark in found.of_the_place)
    yield "核验未通过 · does not verify; the first thing that does not match:"
    yield from (f"  {finding}" for finding in found.findings[:_TOLD])
    if len(found.findings) > _TOLD:
        yield f"  … {len(found.findings) - _TOLD} more; --json tells all"


def _signer(signature: Signature) -> str:
    trust = "" if signature.trusted else ", by nobody known"
    who = f"{signature.role} {signature.signer} ({signature.certificate.holder.organisation})"
    return f"{who}, {signature.signed_at.isoformat()}{trust}"


def _as_record(found: Verification) -> dict[str, Any]:
    return {
        "verified": found.holds,
        "run": found.run,
        "twin": found.twin,
        "signatures": [_signature_record(one) for one in found.signatures],
        "additions": {name: [_signature_record(one) for one in each] for name, each in found.additions.items()},
        "files": found.files,
        "records": dict(found.records),
        "findings": [asdict(finding) for finding in found.findings],
        "remarks": list(found.remarks),
    }


def _signature_record(signature: Signature) -> dict[str, Any]:
    return {
        "role": signature.role,
        "signer": signature.signer,
        "organisation": signature.certificate.holder.organisation,
        "signed_at": signature.signed_at.isoformat(),
        "certificate_sm3": signature.certificate.sm3,
        "trusted": signature.trusted,
    }
