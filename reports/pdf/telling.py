"""Records in both languages become plain data in one, beside the pictures they show."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from PIL import Image
from pydantic import BaseModel

from certification.catalogue import Text
from reports.errors import ReportError
from reports.masking import masked
from reports.moments import day_text, moment_text
from reports.pdf.plot_pictures import plot_picture
from reports.pdf.typesetting import Language
from reports.svg import Plot

QUALITY = 82
"""Of JPEG, in which pictures of stimuli are shown; the evidence itself stays lossless in the run's folder."""
MOST_PIXELS = 480
"""Longer side of a picture of a stimulus, which is printed 5 cm wide."""
PHOTOGRAPH_PIXELS = 1400
"""Longer side of a photograph, which may be as wide as the page."""


@dataclass
class Telling:
    """Tells in one language, and collects the pictures that what it told shows.

    Attributes:
        lang: the language.
        pictures: bytes by name, for the typesetter.
    """

    lang: Language
    pictures: dict[str, bytes] = field(default_factory=dict)

    def text(self, text: Text) -> str:
        """A text, without identity numbers."""
        return masked(text.zh if self.lang == "zh" else text.en)

    def told(self, value: Any) -> Any:
        """A record, or anything it holds, as JSON may hold it; a plot becomes its caption and its picture's name."""
        if isinstance(value, Text):
            return self.text(value)
        if isinstance(value, Plot):
            return self.plot(value)
        if isinstance(value, datetime | date):
            return self.text(moment_text(value) if isinstance(value, datetime) else day_text(value))
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, str):
            return masked(value)
        if isinstance(value, BaseModel):
            return {name: self.told(getattr(value, name)) for name in type(value).model_fields}
        if is_dataclass(value):
            return {one.name: self.told(getattr(value, one.name)) for one in fields(value)}
        if isinstance(value, Mapping):
            return {str(key): self.told(part) for key, part in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.told(part) for part in value]
        return value

    def plot(self, plot: Plot) -> dict[str, str]:
        """A plot with the labels of this language only."""
        name = f"plot-{len(self.pictures):03d}.svg"
        self.pictures[name] = plot_picture(plot, self.lang)
        return {"picture": name, "caption": self.text(plot.caption)}

    def stimulus(self, uri: str) -> str:
        """The name of a picture given as a ``data:`` address, made as small as it is printed."""
        return self.picture(_bytes_of(uri), MOST_PIXELS)

    def photograph(self, picture: str | bytes) -> str:
        """The same of a photograph, given as address or bytes, which is printed larger."""
        return self.picture(_bytes_of(picture) if isinstance(picture, str) else picture, PHOTOGRAPH_PIXELS)

    def picture(self, body: bytes, most: int) -> str:
        """The name of a picture given as bytes, its longer side made ``most`` pixels at most."""
        name = f"picture-{len(self.pictures):03d}.jpg"
        stream = io.BytesIO()
        try:
            with Image.open(io.BytesIO(body)) as picture:
                small = picture.convert("RGB")
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise ReportError(
                f"a picture cannot be shown ({error})", where="pictures", remedy="look which picture of the run it is"
            ) from error
        small.thumbnail((most, most))
        small.save(stream, "JPEG", quality=QUALITY)
        self.pictures[name] = stream.getvalue()
        return name


def _bytes_of(uri: str) -> bytes:
    return base64.b64decode(uri.partition(",")[2])
