"""Signatures inside a PDF: PAdES baseline B (ETSI EN 319 142-1) with P-256, which the usual readers check.

Each signature is an incremental update: what was signed before stays byte for byte.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from asn1crypto import algos, x509
from pyhanko.pdf_utils.content import RawContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.stamp import BaseStampStyle, StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from evidence.errors import SignatureError
from evidence.keys.signer import Signer
from evidence.signer_certificates import P256, pem_certificates, read_certificate

_DER_BYTES = 72
"""Most bytes of an ECDSA signature on P-256, DER."""


@dataclass(frozen=True)
class Place:
    """Where a signature stands: page from 0; left, bottom, right, top in points from the page's lower left corner."""

    page: int
    box: tuple[float, float, float, float]


def sign_pdf(
    pdf: bytes, signer: Signer, *, reason: str, place: Place, now: datetime, stamp: bytes | None = None
) -> bytes:
    """Add a signer's signature to a PDF; its field has the name of his role.

    Args:
        pdf: the document, signed or not.
        reason: why he signs, as readers show it.
        place: where the field stands.
        now: the signing time, with time zone, by the signer's own clock.
        stamp: a PDF of one page, shown in the field; None leaves what the page shows there as it is.

    Raises:
        SignatureError: this role has signed the document already, the certificate is not valid now, or it is no PDF.
    """
    read_certificate(signer.certificate).require_valid(now)
    certificate = _own_certificate(signer)
    meta = signers.PdfSignatureMetadata(
        field_name=signer.role,
        md_algorithm="sha256",
        reason=reason,
        name=signer.name,
        subfilter=fields.SigSeedSubFilter.PADES,
    )
    box = tuple(round(edge) for edge in place.box)
    field = fields.SigFieldSpec(signer.role, on_page=place.page, box=(box[0], box[1], box[2], box[3]))
    with tempfile.TemporaryDirectory(prefix="xiangka-stamp-") as folder:
        style = _style(stamp, Path(folder) / "stamp.pdf")
        work = _PdfSigner(meta, _CmsSigner(signer, certificate), stamp_style=style, new_field_spec=field)
        work.now = now
        try:
            signed = work.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)))
        except (PdfError, SigningError) as error:
            raise SignatureError(f"the PDF cannot be signed: {error}", "make the PDF anew and sign that") from error
    return bytes(signed.getvalue())


class _PdfSigner(signers.PdfSigner):
    """Signs at a told moment instead of at whatever time this machine has."""

    now: datetime

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.now
        return session

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:  # noqa: ARG002
        """PAdES' own extension alone: that of ISO/TS 32002 for ECDSA would raise the file to PDF 2.0, off PDF/A-3."""
        pdf_out.register_extension(ESIC_EXTENSION_1)


class _CmsSigner(signers.Signer):
    """What pyHanko asks for a raw signature."""

    def __init__(self, signer: Signer, certificate: x509.Certificate) -> None:
        issuers = [root for root in _parsed(signer.centre) if _is_issuer(root, certificate)]
        mechanism = algos.SignedDigestAlgorithm({"algorithm": P256.signature})
        super().__init__(
            signing_cert=certificate,
            cert_registry=SimpleCertificateStore.from_certs(issuers),
            signature_mechanism=mechanism,
        )
        self._signer = signer

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if digest_algorithm != "sha256":
            raise SigningError(f"signs with SHA-256 only, not {digest_algorithm}")
        return bytes(_DER_BYTES) if dry_run else self._signer.sign_p256(data)


def _own_certificate(signer: Signer) -> x509.Certificate:
    certificate = x509.Certificate.load(signer.pdf_certificate)
    if certificate.public_key["public_key"].native != signer.keys.p256_public:
        raise SignatureError(
            f"the P-256 key and certificate of {signer.name} are not a pair", "restore his folder from its backup"
        )
    return certificate


def _parsed(centre: bytes) -> list[x509.Certificate]:
    return [x509.Certificate.load(der) for der in pem_certificates(centre)]


def _is_issuer(root: x509.Certificate, certificate: x509.Certificate) -> bool:
    # The centre's SM2 root has the same name; only one of them is of the certificate's kind.
    same_kind = root["signature_algorithm"]["algorithm"] == certificate["signature_algorithm"]["algorithm"]
    return bool(same_kind and root.subject == certificate.issuer)


def _style(stamp: bytes | None, file: Path) -> BaseStampStyle:
    if stamp is None:
        # PDF/A wants an appearance for every field that takes up room, if only one that shows nothing.
        return StaticStampStyle(background=RawContent(b""), border_width=0)
    file.write_bytes(stamp)
    return StaticStampStyle.from_pdf_file(str(file), border_width=0)
