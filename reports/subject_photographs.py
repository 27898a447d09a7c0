"""Photographs of a subject as a report carries them: no larger than a page shows, upright, and without what a camera
writes beside the picture, such as where it was taken."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from reports.run_folder import SUBJECT, RunFolder

LONGEST_SIDE = 1200
"""Pixels of the longer side of a picture in a report."""


@dataclass(frozen=True)
class SubjectPhotograph:
    """One photograph.

    Attributes:
        name: its path in the run's folder.
        body: the picture as a report carries it, PNG or JPEG; None where the folder holds none of that name.
        media: ``image/png`` or ``image/jpeg``.
    """

    name: str
    body: bytes | None
    media: str

    @property
    def uri(self) -> str | None:
        """The picture within a page."""
        if self.body is None:
            return None
        return f"data:{self.media};base64,{base64.b64encode(self.body).decode()}"


def subject_photographs(folder: RunFolder) -> list[SubjectPhotograph]:
    """The photographs of a run's subject, in the order of its file."""
    return [_photograph(folder, name) for name in folder.run.subject_photographs]


def _photograph(folder: RunFolder, name: str) -> SubjectPhotograph:
    shown = f"{SUBJECT}/{name}"
    try:
        with Image.open(folder.path / SUBJECT / name, formats=["PNG", "JPEG"]) as found:
            media = "image/png" if found.format == "PNG" else "image/jpeg"
            return SubjectPhotograph(shown, _as_carried(found, media), media)
    except (OSError, UnidentifiedImageError, SyntaxError, Image.DecompressionBombError):
        return SubjectPhotograph(shown, None, "image/png")


def _as_carried(found: Image.Image, media: str) -> bytes:
    picture = ImageOps.exif_transpose(found)
    if max(picture.size) > LONGEST_SIDE:
        picture = picture.convert("RGB")
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    picture.info.clear()
    body = io.BytesIO()
    if media == "image/png":
        picture.save(body, "PNG", optimize=True)
    else:
        picture.convert("RGB").save(body, "JPEG", quality=85)
    return body.getvalue()
