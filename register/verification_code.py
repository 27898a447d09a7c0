"""The address a certificate's QR code leads to, and the code itself."""

from __future__ import annotations

import io
from urllib.parse import quote

import segno

from certification.certificates import Wording

QUIET_MODULES = 4
"""Width of the quiet zone, ISO/IEC 18004 §6.3.8."""


def verification_url(base: str, number: str, wording: Wording) -> str:
    """Where the verification data of a certificate stand.

    The page needs only the path; edition and digest of the newest run's manifest in the query let it say whether the
    paper is the edition in force and speaks of the same evidence.
    """
    return f"{base}/c/{quote(number)}/?e={wording.edition}&m={wording.shown[-1].manifest_sm3}"


def code_svg(url: str) -> bytes:
    """The address as a QR code in SVG, a module one unit, quiet zone included.

    Error correction M: a stamp's edge or a fold may lie on it, and its modules stay large.
    """
    drawn = io.BytesIO()
    segno.make_qr(url, error="m", boost_error=False).save(drawn, kind="svg", border=QUIET_MODULES, light="#ffffff")
    return drawn.getvalue()
