"""Who a signer is: X.509 certificates (RFC 5280) with SM2 keys, signed by the centre's root with SM2 and SM3.

Object identifiers after GM/T 0006-2012, the profile after GM/T 0015-2012: the role of a signer is the organisational
unit of his name. Nobody stands between the centre's root and a signer. The same holders have certificates with P-256
keys too, made here and checked by the readers of PDF files, which know no SM2.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import algos, keys, pem, x509
from asn1crypto.core import OctetString

from evidence.chain import sm3
from evidence.errors import SignatureError
from reference_impl.wire import sm2

LABORATORY, AUTHORISER = "laboratory", "authoriser"
ROLES = (LABORATORY, AUTHORISER)
"""Roles of a signer: who ran the tests, who answers for what is said of them."""
CENTRE = "centre"

SM2_CURVE = "1.2.156.10197.1.301"
SM2_WITH_SM3 = "1.2.156.10197.1.501"
_COUNTRY = "CN"
_SERIAL_BITS = 120

keys.NamedCurve.register("sm2p256v1", SM2_CURVE, 32)

Sign = Callable[[bytes], bytes]
"""Signs bytes; gives DER."""


@dataclass(frozen=True)
class Algorithm:
    """Object identifiers of a curve and of the signatures made on it."""

    curve: str
    signature: str


SM2 = Algorithm(SM2_CURVE, SM2_WITH_SM3)
P256 = Algorithm("1.2.840.10045.3.1.7", "1.2.840.10045.4.3.2")


@dataclass(frozen=True)
class Holder:
    """Whom a certificate names; ``role`` is one of ROLES, or CENTRE for a root."""

    name: str
    role: str
    organisation: str


@dataclass(frozen=True)
class Validity:
    """From when until when a certificate may be signed with, whole seconds, with time zone; both ends included."""

    begin: datetime
    end: datetime

    @classmethod
    def days(cls, begin: datetime, days: int) -> Validity:
        """So many days from a moment on."""
        begin = begin.replace(microsecond=0)
        return cls(begin, begin + timedelta(days=days))


@dataclass(frozen=True)
class SignerCertificate:
    """A certificate as it was read; ``public`` is its SM2 key, 65 bytes."""

    der: bytes
    holder: Holder
    validity: Validity
    public: bytes

    @property
    def sm3(self) -> str:
        """Digest of its DER bytes, hex."""
        return sm3(self.der).hex()

    def require_valid(self, at: datetime) -> None:
        """Refuse a moment outside of its validity.

        Raises:
            SignatureError: not yet valid, or no longer.
        """
        if at < self.validity.begin:
            raise SignatureError(
                f"the certificate of {self.holder.name} begins on {_day(self.validity.begin)}, after {_day(at)}",
                "set the clock right, or use the certificate that was valid then",
            )
        if at > self.validity.end:
            raise SignatureError(
                f"the certificate of {self.holder.name} expired on {_day(self.validity.end)}, before {_day(at)}",
                "ask the centre for a new one",
            )


class Centre:
    """The centre as a verifier knows it: its public root certificates, and nothing else is trusted.

    Args:
        text: PEM with one or more certificates; those without an SM2 key are left to the readers of PDF files.

    Raises:
        SignatureError: no SM2 root is in it.
    """

    def __init__(self, text: bytes) -> None:
        self.roots = tuple(root for root in map(_root, pem_certificates(text)) if root)
        if not self.roots:
            raise SignatureError("holds no SM2 root certificate", "name the centre's own centre.pem")

    def check(self, certificate: SignerCertificate, at: datetime) -> None:
        """Check that a root of the centre gave this certificate to a signer, and that both were valid at a moment.

        Raises:
            SignatureError: they were not, or another one gave it.
        """
        parsed = _parsed(certificate.der)
        signature = parsed["signature_value"].native
        issued = parsed["tbs_certificate"].dump()
        for root in self.roots:
            if parsed.issuer == _parsed(root.der).subject and signed_by(root.public, issued, signature):
                certificate.require_valid(at)
                root.require_valid(at)
                return
        raise SignatureError(
            f"the certificate of {certificate.holder.name} was not issued by this centre",
            "ask who signed, or name the centre.pem of the centre that certifies here",
        )


def read_certificate(der: bytes) -> SignerCertificate:
    """Read a signer's certificate.

    Raises:
        SignatureError: no certificate, not with SM2, or not one to sign evidence with.
    """
    certificate = _read(der)
    parsed = _parsed(der)
    usage, constraints = parsed.key_usage_value, parsed.basic_constraints_value
    if certificate.holder.role not in ROLES:
        raise _unfit(f"names the role {certificate.holder.role!r}, not one of {', '.join(ROLES)}")
    if usage is None or "digital_signature" not in usage.native or (constraints and constraints["ca"].native):
        raise _unfit("is not one to sign with")
    if unknown := set(parsed.critical_extensions) - {"key_usage", "basic_constraints"}:
        raise _unfit(f"has a critical extension that is not known here ({', '.join(sorted(unknown))})")
    return certificate


def holders_certificate(der: bytes) -> SignerCertificate:
    """Read an SM2 certificate, be its holder a signer or the centre.

    Raises:
        SignatureError: it is no certificate with SM2.
    """
    return _read(der)


def issue_root(holder: Holder, public: bytes, validity: Validity, sign: Sign, algorithm: Algorithm = SM2) -> bytes:
    """Make a root certificate, DER: the centre's word for its own key, 65 bytes."""
    extensions = [
        _extension("basic_constraints", {"ca": True, "path_len_constraint": 0}, critical=True),
        _extension("key_usage", {"key_cert_sign", "crl_sign"}, critical=True),
        _extension("key_identifier", _identifier(public)),
    ]
    parties = {"issuer": distinguished_name(holder), "subject": distinguished_name(holder)}
    return _issue(parties, public_key_info(public, algorithm), validity, extensions, sign, algorithm)


def issue_signer(
    holder: Holder, public: bytes, validity: Validity, root: bytes, sign: Sign, algorithm: Algorithm = SM2
) -> bytes:
    """Make a signer's certificate, DER.

    Args:
        public: the signer's key, 65 bytes.
        root: the centre's root certificate, DER, on the same curve.
        sign: signs with the root's key.
    """
    issuer = _parsed(root)
    extensions = [
        _extension("basic_constraints", {"ca": False}, critical=True),
        _extension("key_usage", {"digital_signature", "non_repudiation"}, critical=True),
        _extension("key_identifier", _identifier(public)),
        _extension("authority_key_identifier", {"key_identifier": issuer.key_identifier}),
    ]
    parties = {"issuer": issuer.subject, "subject": distinguished_name(holder)}
    return _issue(parties, public_key_info(public, algorithm), validity, extensions, sign, algorithm)


def pem_certificates(text: bytes) -> list[bytes]:
    """The certificates of a PEM file, DER.

    Raises:
        SignatureError: there is none, or one is damaged.
    """
    try:
        found = [der for kind, _, der in pem.unarmor(text, multiple=True) if kind == "CERTIFICATE"]
    except (ValueError, TypeError) as error:
        raise SignatureError("is not a file of certificates (PEM)", "name the centre's own centre.pem") from error
    return found


def public_key_info(public: bytes, algorithm: Algorithm = SM2) -> keys.PublicKeyInfo:
    """The SubjectPublicKeyInfo of a 65-byte key."""
    curve = keys.ECDomainParameters({"named": algorithm.curve})
    return keys.PublicKeyInfo({"algorithm": {"algorithm": "ec", "parameters": curve}, "public_key": public})


def _issue(
    parties: Mapping[str, x509.Name],
    key: keys.PublicKeyInfo,
    validity: Validity,
    extensions: list[dict[str, Any]],
    sign: Sign,
    algorithm: Algorithm,
) -> bytes:
    signed_with = {"algorithm": algorithm.signature}
    body = x509.TbsCertificate(
        {
            **parties,
            "version": "v3",
            "serial_number": secrets.randbits(_SERIAL_BITS) | 1 << _SERIAL_BITS,
            "signature": signed_with,
            "validity": {"not_before": _time(validity.begin), "not_after": _time(validity.end)},
            "subject_public_key_info": key,
            "extensions": extensions,
        }
    )
    whole = {"tbs_certificate": body, "signature_algorithm": signed_with, "signature_value": sign(body.dump())}
    return bytes(x509.Certificate(whole).dump())


def distinguished_name(holder: Holder) -> x509.Name:
    """How a certificate or a request names its holder."""
    return x509.Name.build(
        {
            "country_name": _COUNTRY,
            "organization_name": holder.organisation,
            "organizational_unit_name": holder.role,
            "common_name": holder.name,
        },
        use_printable=False,
    )


def named_holder(name: x509.Name) -> Holder:
    """Whom a name names.

    Raises:
        KeyError, ValueError: it lacks a part, or has one twice.
    """
    parts = [name.native[key] for key in ("common_name", "organizational_unit_name", "organization_name")]
    if not all(isinstance(part, str) for part in parts):
        raise ValueError("a part stands there twice")
    return Holder(*parts)


def _extension(kind: str, value: object, *, critical: bool = False) -> dict[str, Any]:
    return {"extn_id": kind, "critical": critical, "extn_value": value}


def _identifier(public: bytes) -> OctetString:
    return OctetString(sm3(public)[:20])


def _time(moment: datetime) -> x509.Time:
    moment = moment.astimezone(UTC).replace(microsecond=0)
    return x509.Time({"utc_time" if moment.year < 2050 else "general_time": moment})


def _root(der: bytes) -> SignerCertificate | None:
    try:
        root = _read(der)
    except SignatureError:
        return None
    parsed = _parsed(der)
    constraints = parsed.basic_constraints_value
    signature = parsed["signature_value"].native
    itself = signed_by(root.public, parsed["tbs_certificate"].dump(), signature)
    return root if constraints and constraints["ca"].native and itself else None


def _read(der: bytes) -> SignerCertificate:
    try:
        parsed = _parsed(der)
        _ = parsed.native, parsed.critical_extensions  # the parser is lazy: now it must have read every part
        holder = named_holder(parsed.subject)
        validity = Validity(parsed.not_valid_before, parsed.not_valid_after)
        key = parsed["tbs_certificate"]["subject_public_key_info"]
        public = key["public_key"].native
        curve = key["algorithm"]["parameters"].chosen.dotted
        algorithms = {parsed["signature_algorithm"].dump(), parsed["tbs_certificate"]["signature"].dump()}
        sm2.Verifier(public)
    except Exception as error:  # a stranger's bytes: whatever they make the parser raise, they are no certificate
        raise _unfit("cannot be read") from error
    expected = {algos.SignedDigestAlgorithm({"algorithm": SM2_WITH_SM3}).dump()}
    if curve != SM2_CURVE or algorithms != expected:
        raise _unfit("is not one with SM2 and SM3")
    return SignerCertificate(der, holder, validity, public)


def _parsed(der: bytes) -> x509.Certificate:
    return x509.Certificate.load(der, strict=True)


def signed_by(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether an SM2 signature, DER, was made over the data with this key, 65 bytes; what is no signature was not."""
    try:
        return sm2.Verifier(public).verify(data, sm2.signature_from_der(signature))
    except ValueError:
        return False


def _unfit(what: str) -> SignatureError:
    return SignatureError(f"the signer's certificate {what}", "use a signer folder made by xiangka keys signer")


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
