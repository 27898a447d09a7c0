"""Signatures beside a file: who said what of which bytes, and when.

A signature file is JSON, indented by one blank, with a line feed at its end. Each signature covers its statement as
:func:`evidence.chain.dumped` writes it, UTF-8, with SM2 and SM3 under the default user id (GB/T 35276-2017, clause 10).
A later signer's statement names the signature before his own, so that the order can be seen and none can be taken out
from below another. The time is the signer's word.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence.chain import dumped, sm3
from evidence.errors import SignatureError
from evidence.keys.signer import Signer
from evidence.manifest import MANIFEST, SIGNATURES
from evidence.signer_certificates import Centre, SignerCertificate, read_certificate, signed_by
from evidence.whole_file import write_whole

SCHEMA = 1
SUFFIX = ".sig"
_STATEMENT = ("file", "sm3", "run", "role", "signer", "signed_at", "certificate_sm3", "follows")
_MAY_BE_NULL = ("run", "follows")
_AGAIN = "the file was changed after signing, or the signature belongs to another file"


@dataclass(frozen=True)
class Signature:
    """One signature that holds.

    Attributes:
        file: name of the file it was made for.
        sm3: digest of that file, hex.
        run: name of the run the file belongs to, or None.
        signed_at: when, by the signer's own clock.
        certificate: whose it is.
        trusted: the centre answers for the certificate; False only where it was asked of no centre.
        link: SM3 over statement and signature, hex: what the next signer's statement names.
    """

    file: str
    sm3: str
    run: str | None
    signed_at: datetime
    certificate: SignerCertificate
    trusted: bool
    link: str

    @property
    def role(self) -> str:
        """``laboratory`` or ``authoriser``."""
        return self.certificate.holder.role

    @property
    def signer(self) -> str:
        """The signer's name."""
        return self.certificate.holder.name


def signature_path(path: Path) -> Path:
    """Where the signatures of a file stand: ``manifest.sig`` for a manifest, else the name with ``.sig`` behind."""
    return path.with_name(SIGNATURES if path.name == MANIFEST else path.name + SUFFIX)


def sign(path: Path, signer: Signer, now: datetime, sig_path: Path | None = None, run: str | None = None) -> Path:
    """Sign a file; a signature that is there already stays, and the new one follows it. Returns the signature file.

    Args:
        path: the file.
        now: the signing time, with time zone.
        sig_path: where the signatures stand, unless at the usual place.
        run: name of the run the file belongs to.

    Raises:
        SignatureError: the certificate is not valid now, the same key or role has signed before, or what was signed
            before does not hold.
        OSError: a file cannot be read or written; nothing is half-written.
    """
    place = sig_path or signature_path(path)
    data = path.read_bytes()
    entries: list[dict[str, Any]] = []
    before: list[Signature] = []
    if place.exists():
        written = place.read_bytes()
        try:
            before = check(data, written, signer.centre, file=path.name)
        except SignatureError as error:
            raise error.at(place) from error
        entries = json.loads(written)["signatures"]
    certificate = read_certificate(signer.certificate)
    Centre(signer.centre).check(certificate, now)
    require_may_follow(before, certificate, now)
    statement = {
        "file": path.name,
        "sm3": sm3(data).hex(),
        "run": run,
        "role": certificate.holder.role,
        "signer": certificate.holder.name,
        "signed_at": now.isoformat(timespec="seconds"),
        "certificate_sm3": certificate.sm3,
        "follows": before[-1].link if before else None,
    }
    entries.append(
        {
            "statement": statement,
            "signature": base64.b64encode(signer.sign(dumped(statement).encode())).decode(),
            "certificate": base64.b64encode(certificate.der).decode(),
        }
    )
    write_whole(place, _canonical(entries))
    return place


def check(
    data: bytes, sig: bytes, centre: bytes | None, *, now: datetime | None = None, file: str | None = None
) -> list[Signature]:
    """Check every signature of a signature file over the bytes of a file; returns them in their order.

    Args:
        data: the signed file.
        sig: the signature file.
        centre: the centre's root certificates, PEM; None to ask nobody who the signers are, who are then not trusted.
        now: refuse a signing time later than this.
        file: refuse signatures made for a file of another name.

    Raises:
        SignatureError: a signature does not hold. One that is not there is no error: look at what is returned.
    """
    trusted = None if centre is None else Centre(centre)
    digest = sm3(data).hex()
    found: list[Signature] = []
    for number, entry in enumerate(_entries(sig), 1):
        try:
            signature = _checked(entry, trusted)
            _require_about(signature, digest, file, now)
            if entry["statement"]["follows"] != (found[-1].link if found else None):
                raise SignatureError("does not follow the signature before it", "fetch the signature file anew")
            require_may_follow(found, signature.certificate, signature.signed_at)
        except SignatureError as error:
            raise SignatureError(f"signature {number}: {error.what}", error.remedy) from error
        found.append(signature)
    return found


def require_may_follow(before: Sequence[Signature], certificate: SignerCertificate, at: datetime) -> None:
    """Refuse a signer who is not another one than those before, in another role, and not earlier.

    Raises:
        SignatureError: he has signed already, or signs before them.
    """
    name = certificate.holder.name
    if any(earlier.certificate.public == certificate.public for earlier in before):
        raise SignatureError(f"the key of {name} has signed already", "let the other signer sign with his own key")
    if any(earlier.role == certificate.holder.role for earlier in before):
        raise SignatureError(f"a {certificate.holder.role} has signed already", "let the other role sign")
    if before and at < before[-1].signed_at:
        raise SignatureError(
            f"the signing time of {name} is before that of {before[-1].signer}, which it follows",
            "set the clock right before signing",
        )


def _entries(sig: bytes) -> list[dict[str, Any]]:
    """Entries of a signature file that is written the one way it can be written."""
    try:
        document = json.loads(sig.decode())
        if document["schema"] != SCHEMA:
            raise SignatureError(
                f"has schema {document['schema']!r}, this version reads {SCHEMA}", "use the version that wrote it"
            )
        entries: list[dict[str, Any]] = document["signatures"]
        well = bool(entries) and all(map(_well_formed, entries))
        whole = well and _canonical(entries) == sig
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SignatureError("is not a signature file", "fetch the signature file anew") from error
    if not whole:
        raise SignatureError("is not written as signature files are", "fetch the signature file anew")
    return entries


def _well_formed(entry: dict[str, Any]) -> bool:
    statement = entry["statement"]
    texts = [entry["signature"], entry["certificate"]]
    texts += [value for key, value in statement.items() if value is not None or key not in _MAY_BE_NULL]
    encoded = all(
        base64.b64encode(base64.b64decode(entry[key], validate=True)).decode() == entry[key]
        for key in ("signature", "certificate")
    )
    names = list(entry) == ["statement", "signature", "certificate"] and tuple(statement) == _STATEMENT
    return names and encoded and all(isinstance(text, str) for text in texts)


def _checked(entry: dict[str, Any], centre: Centre | None) -> Signature:
    statement = entry["statement"]
    certificate = read_certificate(base64.b64decode(entry["certificate"]))
    encoded = base64.b64decode(entry["signature"])
    said = dumped(statement).encode()
    named = (certificate.sm3, certificate.holder.role, certificate.holder.name)
    if (statement["certificate_sm3"], statement["role"], statement["signer"]) != named:
        raise SignatureError("names another signer than its certificate", "fetch the signature file anew")
    signed_at = _moment(statement["signed_at"])
    if centre:
        centre.check(certificate, signed_at)
    else:
        certificate.require_valid(signed_at)
    if not signed_by(certificate.public, said, encoded):
        raise SignatureError(f"the signature of {certificate.holder.name} does not hold", _AGAIN)
    link = sm3(said + encoded).hex()
    about = (statement["file"], statement["sm3"], statement["run"])
    return Signature(*about, signed_at, certificate, centre is not None, link)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        moment.astimezone(UTC)  # so that it is one of our calendar in every zone
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SignatureError(f"{text!r} is no time with its zone", "fetch the signature file anew")
    return moment


def _require_about(signature: Signature, digest: str, file: str | None, now: datetime | None) -> None:
    if signature.sm3 != digest:
        raise SignatureError(f"{signature.signer} signed other bytes than these", _AGAIN)
    if file is not None and signature.file != file:
        raise SignatureError(f"was made for a file named {signature.file}, not {file}", "give the file its own name")
    if now is not None and signature.signed_at > now:
        raise SignatureError(
            f"was made on {signature.signed_at.isoformat()}, which is still to come",
            "set the clock of this machine right; if it is right, the signer's was not",
        )


def _canonical(entries: list[dict[str, Any]]) -> bytes:
    document = {"schema": SCHEMA, "signatures": entries}
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
