"""A template and plain data become PDF/A-3b (ISO 19005-3) with files embedded, and places left for signatures.

Typst sets the pages. A template imports ``page.typ``, which hands it the data, the files to embed and the words of one
language; it may name places for visible signatures, whose positions come back beside the pages.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import typst

from reports.pdf.glyphs import displayable

Language = Literal["zh", "en"]

STANDARD: typst.PDFStandard = "a-3b"

_PAPER_HEIGHT = 841.89
"""Points of A4, from which Typst counts down and PDF up."""


@dataclass(frozen=True)
class Attachment:
    """A file inside the PDF.

    Attributes:
        name: file name.
        body: its bytes.
        about: what it is, one sentence.
        media_type: as of RFC 6838.
        relationship: to the pages, ISO 19005-3 §6.8 (AFRelationship).
    """

    name: str
    body: bytes
    about: str
    media_type: str = "application/json"
    relationship: Literal["source", "data", "alternative", "supplement"] = "data"


@dataclass(frozen=True)
class SignaturePlace:
    """Where a template left room for a visible signature.

    Attributes:
        page: from 0.
        box: left, bottom, right, top in points from the page's lower left corner.
    """

    page: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Typeset:
    """Pages, and the places for signatures by the name the template gave them."""

    pdf: bytes
    places: Mapping[str, SignaturePlace]


def typeset(
    template: str,
    data: Mapping[str, Any],
    *,
    lang: Language,
    made: datetime,
    attachments: Sequence[Attachment] = (),
    pictures: Mapping[str, bytes] | None = None,
) -> Typeset:
    """Set a template.

    Args:
        template: name of a file in ``reports/pdf/templates``, such as ``report.typ``.
        data: what it shows, as JSON may hold it; text is shown as it is, never read as markup.
        lang: language of the words that stand in the template itself.
        made: moment the document carries; the same arguments give the same bytes.
        attachments: files to embed.
        pictures: pictures by the name the data gives them (PNG, JPEG, SVG).

    Raises:
        ReportError: a font is missing.
    """
    with tempfile.TemporaryDirectory(prefix="xiangka-pdf-") as folder:
        root = Path(folder)
        for source in (resources.files("reports.pdf") / "templates").iterdir():
            with resources.as_file(source) as file:
                shutil.copy(file, root)
        for place, files in (("embedded", {one.name: one.body for one in attachments}), ("pictures", pictures or {})):
            (root / place).mkdir()
            for name, body in files.items():
                (root / place / name).write_bytes(body)
        told = {"lang": lang, "data": data, "embedded": [_told(one) for one in attachments]}
        (root / "given.json").write_text(json.dumps(_displayable(told), ensure_ascii=False), encoding="utf-8")
        return _compiled(root / template, made)


def _displayable(value: Any) -> Any:
    """JSON whose texts the fonts can show."""
    if isinstance(value, str):
        return displayable(value)
    if isinstance(value, Mapping):
        return {key: _displayable(part) for key, part in value.items()}
    return [_displayable(part) for part in value] if isinstance(value, list | tuple) else value


def _told(attachment: Attachment) -> dict[str, str]:
    return {key: value for key, value in asdict(attachment).items() if key != "body"}


def _compiled(template: Path, made: datetime) -> Typeset:
    compiler = typst.Compiler(template, root=template.parent)
    moment = made.astimezone(UTC).replace(microsecond=0)
    pdf = compiler.compile(format="pdf", pdf_standards=[STANDARD], timestamp=moment)
    marks = json.loads(compiler.query("<signature-place>", field="value"))
    if not isinstance(pdf, bytes):
        raise TypeError("a PDF is one piece")
    return Typeset(pdf, {mark["name"]: _place(mark) for mark in marks})


def _place(mark: Mapping[str, Any]) -> SignaturePlace:
    left, top, width, height = (float(mark[key].removesuffix("pt")) for key in ("x", "y", "width", "height"))
    upper = _PAPER_HEIGHT - top
    return SignaturePlace(mark["page"] - 1, (left, upper - height, left + width, upper))
