"""Photographs of a subject that its file names: each must be there and be a picture; a run keeps copies."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from certification.catalogue import Text
from certification.errors import PlanError
from certification.subject_file import Problem

KEPT = "subject"
"""Folder of a run that keeps them."""
LARGEST = 8_000_000
"""Bytes a photograph may have."""
SMALLEST_SIDE = 200
"""Pixels below which nobody can tell what a picture shows."""
MOST_PIXELS = 60_000_000
_ENDINGS = {"PNG": ".png", "JPEG": ".jpg"}


def photograph_problems(names: Sequence[str], subject_file: Path) -> list[Problem]:
    """What is wrong with the photographs a subject file names."""
    return list(_problems(names, subject_file))


def check_photographs(names: Sequence[str], subject_file: Path | None) -> None:
    """Refuse a photograph that is missing or shows nothing.

    Raises:
        PlanError: the first such photograph.
    """
    for problem in _problems(names, subject_file):
        raise PlanError(problem.says.en, where=f"{subject_file} {problem.key}", remedy=problem.remedy.en)


def keep_photographs(names: Sequence[str], subject_file: Path | None, run: Path) -> list[str]:
    """Copy the photographs into a run's folder; their names there, in the order of the subject file."""
    kept: list[str] = []
    for number, path in enumerate(_named(names, subject_file), start=1):
        (run / KEPT).mkdir(exist_ok=True)
        kept.append(f"photograph-{number}{_ENDINGS[_format(path.read_bytes())]}")
        shutil.copyfile(path, run / KEPT / kept[-1])
    return kept


def _named(names: Sequence[str], subject_file: Path | None) -> list[Path]:
    return [] if subject_file is None else [subject_file.parent / name for name in names]


def _problems(names: Sequence[str], subject_file: Path | None) -> Iterator[Problem]:
    for number, path in enumerate(_named(names, subject_file)):
        if (wrong := _wrong_with(path)) is not None:
            yield Problem(f"photographs[{number}]", *wrong)


def _wrong_with(path: Path) -> tuple[Text, Text] | None:
    try:
        size = path.stat().st_size
        body = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        return (
            Text(zh=f"{path} 无法读取（{error.strerror}）", en=f"{path} cannot be read ({error.strerror})"),
            Text(zh="更正路径（相对于本文件）", en="correct the path, relative to the subject file"),
        )
    if size > LARGEST:
        most = LARGEST // 1_000_000
        return (
            Text(zh=f"{path.name} 大于 {most} MB", en=f"{path.name} is larger than {most} MB"),
            Text(zh="缩小后再提交", en="file a smaller one"),
        )
    try:
        _format(body)
        with Image.open(io.BytesIO(body)) as picture:
            sides = picture.size
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return (
            Text(zh=f"{path.name} 不是完整的 PNG 或 JPEG", en=f"{path.name} is no whole PNG or JPEG ({error})"),
            Text(zh="换成 PNG 或 JPEG 照片", en="file a photograph as PNG or JPEG"),
        )
    if min(sides) < SMALLEST_SIDE:
        shown = f"{sides[0]} × {sides[1]}"
        return (
            Text(zh=f"{path.name} 只有 {shown} 像素", en=f"{path.name} has only {shown} pixels"),
            Text(zh=f"每边至少 {SMALLEST_SIDE} 像素", en=f"file one with at least {SMALLEST_SIDE} pixels a side"),
        )
    return None


def _format(body: bytes) -> str:
    """``PNG`` or ``JPEG``, by what a file begins with.

    Raises:
        UnidentifiedImageError, ValueError: it is neither, or holds more pixels than a photograph has.
    """
    with Image.open(io.BytesIO(body), formats=list(_ENDINGS)) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError(f"{picture.width} × {picture.height} pixels")
        return str(picture.format)
