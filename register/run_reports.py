"""The reports that stand in a run's folder: which of them a certificate may refer to, and their numbers."""

from __future__ import annotations

from pathlib import Path

from evidence.errors import SignatureError
from evidence.signed import check, signature_path
from evidence.signer_certificates import AUTHORISER
from reports.errors import ReportError
from reports.pdf.record import record_of


def report_numbers(run: Path, manifest_sm3: str, centre: bytes) -> tuple[str, ...]:
    """Numbers of the reports on a run that an authoriser of the centre signed and that none of them replaces.

    Args:
        run: the run's folder.
        manifest_sm3: digest of its manifest, hex; a report on anything else is none of this run.
        centre: public root certificates, PEM.
    """
    numbers: dict[str, None] = {}
    replaced: set[str] = set()
    for file in sorted(run.glob("report-*.pdf")):
        body = file.read_bytes()
        try:
            signed = check(body, signature_path(file).read_bytes(), centre, file=file.name)
            record = record_of(body, str(file))
        except (OSError, SignatureError, ReportError):
            continue
        if AUTHORISER in (one.role for one in signed) and record.get("manifest_sm3") == manifest_sm3:
            numbers[str(record["number"])] = None
            replaced |= {str(record["amends"]["number"])} if record.get("amends") else set()
    return tuple(number for number in numbers if number not in replaced)
