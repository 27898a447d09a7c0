"""Who may act in a register: an authoriser to whom the register's own centre gave a certificate that is valid."""

from __future__ import annotations

from datetime import datetime

from evidence.errors import SignatureError
from evidence.keys.signer import Signer
from evidence.signer_certificates import AUTHORISER, Centre, read_certificate
from register.lines import Opening


def demand_authoriser(signer: Signer) -> None:
    """Demand that a signer is one who may keep a register.

    Raises:
        SignatureError: he is not.
    """
    if signer.role != AUTHORISER:
        raise SignatureError(
            f"{signer.name} signs as {signer.role}, and a register is kept by an authoriser",
            "name the authoriser's folder (--keys)",
        )


def demand_authoriser_of(opening: Opening, signer: Signer, now: datetime) -> None:
    """Demand that a signer may act in this register now; one of another centre would break it for good.

    Raises:
        SignatureError: he is no authoriser, or the register's centre does not answer for him now.
    """
    demand_authoriser(signer)
    Centre(opening.centre.encode()).check(read_certificate(signer.certificate), now)
