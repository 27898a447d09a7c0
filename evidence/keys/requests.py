"""How a signer gets his certificates without his keys ever leaving him: a request goes, certificates come back.

A request is two of PKCS#10 (RFC 2986) in one PEM file, one for each key, each signed with the key it is about. The
answer is a PEM file with the two certificates and the centre's own behind them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asn1crypto import csr, pem
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence.errors import SignatureError
from evidence.keys.folder import (
    ABOUT,
    CENTRE_FILE,
    P256_CERTIFICATE,
    SM2_CERTIFICATE,
    about_keys,
    armoured,
    write_new,
)
from evidence.keys.making import MakeKeys, issue_both, require_issuing, whole_folder
from evidence.keys.signer import Signer
from evidence.signer_certificates import (
    P256,
    ROLES,
    SM2,
    Algorithm,
    Centre,
    Holder,
    Sign,
    SignerCertificate,
    Validity,
    distinguished_name,
    named_holder,
    pem_certificates,
    public_key_info,
    read_certificate,
    signed_by,
)

REQUEST = "request.pem"
_LABEL = "CERTIFICATE REQUEST"


@dataclass(frozen=True)
class Request:
    """Who asks for certificates, and for which keys, 65 bytes each."""

    holder: Holder
    public: bytes
    p256_public: bytes


def make_request(folder: Path, holder: Holder, make_keys: MakeKeys) -> Path:
    """Make the folder of a signer who has no certificates yet; returns the request in it.

    Raises:
        SignatureError: the folder exists.
        OSError: it cannot be written.
    """

    def fill(place: Path) -> None:
        keys, where = make_keys(place)
        both = (
            _request(holder, keys.public, keys.sign, SM2),
            _request(holder, keys.p256_public, keys.sign_p256, P256),
        )
        write_new(place, {ABOUT: about_keys(where), REQUEST: b"".join(both)})

    whole_folder(folder, fill)
    return folder / REQUEST


def read_request(text: bytes) -> Request:
    """Read a request and check that who made it has both keys.

    Raises:
        SignatureError: he has not, or it is no request.
    """
    try:
        first, second = _requests(text)
        holders = {named_holder(one["certification_request_info"]["subject"]) for one in (first, second)}
        public, p256_public = _key(first, SM2), _key(second, P256)
        own = signed_by(public, first["certification_request_info"].dump(), first["signature"].native)
        own = own and x509.load_der_x509_csr(second.dump()).is_signature_valid
    except Exception as error:  # a stranger's bytes: whatever they make the parsers raise, they are no request
        raise _no_request("is no request for certificates") from error
    if not own:
        raise _no_request("is not signed with the keys it is about")
    if len(holders) != 1 or (holder := holders.pop()).role not in ROLES:
        raise _no_request("names no one signer")
    return Request(holder, public, p256_public)


def answer(request: Request, validity: Validity, centre: Signer) -> bytes:
    """The centre's answer to a request, PEM.

    Raises:
        SignatureError: ``centre`` is none, or its own certificates do not cover that time.
    """
    require_issuing(centre, validity)
    both = issue_both(request.holder, request.public, request.p256_public, validity, centre)
    return b"".join(map(armoured, both)) + centre.centre


def accept(folder: Path, text: bytes, now: datetime) -> SignerCertificate:
    """Put a centre's answer into the folder whose request it answers; later ones replace earlier ones.

    Raises:
        SignatureError: it answers another request, or its certificates are not the centre's or not valid now.
        OSError: the folder cannot be read or written.
    """
    request = read_request((folder / REQUEST).read_bytes())
    certificates = pem_certificates(text)
    if len(certificates) < 3:
        raise SignatureError("is no answer to a request", "name the file that xiangka keys issue wrote")
    certificate = read_certificate(certificates[0])
    roots = b"".join(map(armoured, certificates[2:]))
    Centre(roots).check(certificate, now)
    own = (certificate.holder, certificate.public) == (request.holder, request.public)
    if not own or not _answers_p256(certificates[1], request.p256_public, certificates[2:]):
        raise SignatureError("answers the request of other keys", f"send {folder / REQUEST} to the centre")
    for name, content in (
        (CENTRE_FILE, roots),
        (P256_CERTIFICATE, armoured(certificates[1])),
        (SM2_CERTIFICATE, armoured(certificates[0])),
    ):
        _replace(folder / name, content)
    return certificate


def _request(holder: Holder, public: bytes, sign: Sign, algorithm: Algorithm) -> bytes:
    about = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": distinguished_name(holder),
            "subject_pk_info": public_key_info(public, algorithm),
            "attributes": [],
        }
    )
    signed_with = {"algorithm": algorithm.signature}
    whole = {"certification_request_info": about, "signature_algorithm": signed_with, "signature": sign(about.dump())}
    return bytes(pem.armor(_LABEL, csr.CertificationRequest(whole).dump()))


def _requests(text: bytes) -> Iterator[csr.CertificationRequest]:
    for label, _, der in pem.unarmor(text, multiple=True):
        if label != _LABEL:
            raise ValueError(f"{label} is no request")
        yield csr.CertificationRequest.load(der, strict=True)


def _key(request: csr.CertificationRequest, algorithm: Algorithm) -> bytes:
    key = request["certification_request_info"]["subject_pk_info"]
    if key["algorithm"]["parameters"].chosen.dotted != algorithm.curve:
        raise ValueError("another curve")
    return bytes(key["public_key"].native)


def _answers_p256(der: bytes, public: bytes, roots: list[bytes]) -> bool:
    """Whether a certificate is for this key and was given by one of these roots."""
    certificate = x509.load_der_x509_certificate(der)
    key = certificate.public_key()
    if not isinstance(key, EllipticCurvePublicKey):
        return False
    for root in roots:
        with contextlib.suppress(ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            certificate.verify_directly_issued_by(x509.load_der_x509_certificate(root))
            return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) == public
    return False


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(path.name + ".part")
    beside.unlink(missing_ok=True)
    write_new(path.parent, {beside.name: content})
    beside.replace(path)


def _no_request(what: str) -> SignatureError:
    return SignatureError(what, "name the request.pem that xiangka keys request wrote")
