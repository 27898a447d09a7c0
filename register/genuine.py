"""Whether a document in somebody's hands is one the register gave out, and of the edition in force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from certification.certificates import Certificate
from register.certificate_pdf import certificate_name
from register.pages import documents_of


@dataclass(frozen=True)
class Known:
    """A document the register knows by its digest.

    Attributes:
        certificate: whose it is.
        name: its file name there.
        in_force: whether it is the newest edition of the certificate itself.
    """

    certificate: Certificate
    name: str
    in_force: bool


def known_document(certificates: Iterable[Certificate], digest: str) -> Known | None:
    """Find a document by its SM3, hex; None where no certificate has it."""
    for certificate in certificates:
        for name, known in documents_of(certificate).items():
            if known == digest:
                newest = certificate_name(certificate.number, certificate.wording.edition)
                return Known(certificate, name, name == newest)
    return None
