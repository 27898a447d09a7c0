"""Specimen keys: a centre, a laboratory and an authoriser for trying out.

Their password is known, so they prove nothing. Every name says so, in the certificates and in whatever is signed.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from evidence.keys.folder import CENTRE_FILE, load_signer, write_new
from evidence.keys.making import keys_in_files, make_centre, make_signer, whole_folder
from evidence.signer_certificates import AUTHORISER, CENTRE, LABORATORY, ROLES, Holder, Validity

PASSWORD = "specimen"  # noqa: S105 - known to everybody on purpose
PASSWORD_FILE = "password"  # noqa: S105 - a file's name
ORGANISATION = "样本检测实验室 Specimen Test Laboratory"
"""The laboratory of ``fixtures/laboratories/specimen.toml``, so that its runs can be signed."""
NAMES = {
    CENTRE: "样本中心 SPECIMEN CENTRE",
    LABORATORY: "样本检测员 SPECIMEN TESTER",
    AUTHORISER: "样本授权人 SPECIMEN AUTHORISER",
}
_ITERATIONS = 1000
"""Few rounds: nobody needs to guess this password."""
_DAYS = 3650


def make_specimen(folder: Path, now: datetime) -> None:
    """Make ``centre``, ``laboratory`` and ``authoriser`` below a new folder, with ``password`` and ``centre.pem``.

    Args:
        folder: must not be there yet.
        now: from when their certificates are valid, with time zone.

    Raises:
        SignatureError: the folder exists.
        OSError: it cannot be written.
    """
    validity = Validity.days(now, _DAYS)
    make_keys = keys_in_files(PASSWORD, _ITERATIONS)

    def fill(place: Path) -> None:
        make_centre(place / CENTRE, NAMES[CENTRE], ORGANISATION, validity, make_keys)
        centre = load_signer(place / CENTRE, PASSWORD)
        for role in ROLES:
            make_signer(place / role, Holder(NAMES[role], role, ORGANISATION), validity, centre, make_keys)
        write_new(place, {PASSWORD_FILE: f"{PASSWORD}\n".encode(), CENTRE_FILE: centre.centre})

    whole_folder(folder, fill)
