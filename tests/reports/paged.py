"""What the programs of poppler say of a PDF."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAMS = ("pdftotext", "pdfsig", "pdffonts")


def require_poppler() -> None:
    """Skip where the programs are missing; the project's list of programs for tests names their package."""
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        pytest.skip(f"{', '.join(missing)} not installed: sudo apt-get install poppler-utils")


def output(*command: str | Path) -> str:
    return subprocess.run([str(part) for part in command], capture_output=True, check=True, timeout=120).stdout.decode()


def page_texts(pdf: Path) -> list[str]:
    """Text page by page, as it is laid out."""
    return output("pdftotext", "-layout", pdf, "-").split("\f")[:-1]


def words_run_together(pdf: Path) -> str:
    """All text without any space, for sentences that may be broken over lines."""
    return re.sub(r"[\s\u200b]", "", output("pdftotext", pdf, "-"))


@dataclass(frozen=True)
class Word:
    """A word, its page from 1, its box in points from the upper left corner."""

    text: str
    page: int
    left: float
    top: float
    right: float
    bottom: float


_WORD = re.compile(r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</word>')


def words(pdf: Path) -> list[Word]:
    pages = output("pdftotext", "-bbox", pdf, "-").split("<page ")[1:]
    return [
        Word(text, number, *map(float, box))
        for number, page in enumerate(pages, 1)
        for *box, text in _WORD.findall(page)
    ]
