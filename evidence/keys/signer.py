"""What a signer can do, wherever his keys are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from evidence.signer_certificates import Holder


class Keys(Protocol):
    """An SM2 key for evidence and a P-256 key for PDF files, whose readers know no SM2."""

    @property
    def public(self) -> bytes:
        """The SM2 key for everybody, 65 bytes."""

    @property
    def p256_public(self) -> bytes:
        """The P-256 key for everybody, 65 bytes."""

    def sign(self, data: bytes) -> bytes:
        """Sign with SM2 and SM3 under the default user id; gives DER (GM/T 0009)."""

    def sign_p256(self, data: bytes) -> bytes:
        """Sign with ECDSA and SHA-256; gives DER."""


@dataclass(frozen=True)
class Signer:
    """Somebody who signs, ready to.

    Attributes:
        holder: his name, role and organisation.
        certificate: his SM2 certificate, DER.
        pdf_certificate: his P-256 certificate, DER.
        centre: the centre's public root certificates, PEM.
        keys: what he signs with.
    """

    holder: Holder
    certificate: bytes
    pdf_certificate: bytes
    centre: bytes
    keys: Keys

    @property
    def name(self) -> str:
        """His name."""
        return self.holder.name

    @property
    def role(self) -> str:
        """``laboratory`` or ``authoriser``; ``centre`` for the centre itself, which signs certificates only."""
        return self.holder.role

    def sign(self, data: bytes) -> bytes:
        """Sign with SM2 and SM3 under the default user id; gives DER (GM/T 0009)."""
        return self.keys.sign(data)

    def sign_p256(self, data: bytes) -> bytes:
        """Sign with ECDSA and SHA-256; gives DER."""
        return self.keys.sign_p256(data)
