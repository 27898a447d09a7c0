"""The relative stimulus grade: how good a symbol the device was shown, parameter by parameter.

After ISO/IEC 15415, from the clean picture, the known module matrix and the known geometry. It is *relative*: light is
taken as a share of the symbol's own brightest place and not of a calibrated white, the grid is known and not found,
and the modulation overlay of fixed-pattern damage is left out. It compares stimuli; it certifies no print. Thresholds
are those that makers of verifiers publish (Cognex DataMan 475 and VisionPro, Omron V430); those of a single segment of
the fixed patterns are reconstructed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rigs.optics.frames import readable_at_all
from rigs.optics.qr_layout import QrLayout, qr_layout
from rigs.optics.sampling_grid import Levels, Sampled, sampled
from rigs.optics.stimulus import Stimulus, SymbolKind

LETTERS = "FDCBA"
SYMBOL_CONTRAST = (0.20, 0.40, 0.55, 0.70)
"""Least value of grades D, C, B, A; so with every tuple below, unless it says most."""
MODULATION = (0.20, 0.30, 0.40, 0.50)
UNUSED_CORRECTION = (0.25, 0.37, 0.50, 0.62)
AXIAL_NON_UNIFORMITY = (0.12, 0.10, 0.08, 0.06)
"""Most."""
GRID_NON_UNIFORMITY = (0.75, 0.63, 0.50, 0.38)
"""Most, modules."""
FINDER_DAMAGE = (3, 2, 1, 0)
"""Most, modules of one finder pattern."""
TIMING_DAMAGE = (0.14, 0.11, 0.07, 0.0)
"""Most, share of a timing pattern."""
ALIGNMENT_DAMAGE = (0.30, 0.20, 0.10, 0.0)
"""Most, share of the alignment patterns that have any damage."""
MEAN_OF_SEGMENTS = (2.5, 3.0, 3.5, 4.0)
"""Least mean of the segments' grades."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a grade.

    Attributes:
        name: its short name, for instance ``SC``.
        grade: 4 (A) … 0 (F).
        value: what was measured, where the grade comes from one number.
    """

    name: str
    grade: int
    value: float | None = None

    def __str__(self) -> str:
        value = "" if self.value is None else f" {self.value:.2f}"
        return f"{self.name}{value} {LETTERS[self.grade]}"


@dataclass(frozen=True, slots=True)
class Grade:
    """The relative stimulus grade of a symbol.

    Attributes:
        parameters: DEC decode, SC symbol contrast, and for a QR code MOD modulation, RM reflectance margin, UEC unused
            error correction, FPD fixed-pattern damage, AN axial and GN grid non-uniformity.
    """

    parameters: tuple[Parameter, ...]

    @property
    def overall(self) -> int:
        """The least of all parameters, 4 … 0."""
        return min(parameter.grade for parameter in self.parameters)

    @property
    def letter(self) -> str:
        """The overall grade, ``A`` … ``F``."""
        return LETTERS[self.overall]

    def as_detail(self) -> dict[str, str | float]:
        """The grade as an observation's detail carries it."""
        return {"grade": self.letter, "grade_parameters": " · ".join(str(parameter) for parameter in self.parameters)}


def grade(stimulus: Stimulus, *, red: bool = False) -> Grade:
    """The grade of a stimulus; of the worse symbol where there are two.

    Args:
        stimulus: the stimulus.
        red: as a red-lit imager sees it. The decode parameter stays that of white light.
    """
    decode = Parameter("DEC", 4 if readable_at_all(stimulus) else 0)
    grades = [Grade((decode, *_parameters(one))) for one in sampled(stimulus, red=red)]
    return min(grades, key=lambda found: found.overall)


def _parameters(one: Sampled) -> list[Parameter]:
    everywhere = np.concatenate((one.light.ravel(), one.quiet))
    brightest = max(float(everywhere.max()), 1e-6)
    contrast = 1 - float(everywhere.min()) / brightest
    found = [_at_least("SC", contrast, SYMBOL_CONTRAST)]
    if one.symbol.kind is not SymbolKind.QR:
        return found
    layout = qr_layout((one.modules.shape[0] - 17) // 4, one.symbol.ec_level)
    threshold = brightest * (1 - contrast / 2)
    away = np.abs(one.light - threshold) * 2 / max(contrast * brightest, 1e-6)
    wrong = (one.light < threshold) != (one.modules == 1)
    margin = np.where(wrong, 0.0, away)
    errors = _worst_of_codewords(layout, wrong.astype(float))
    unused = _unused(layout, errors > 0)
    return [
        *found,
        _by_codewords("MOD", layout, away),
        _by_codewords("RM", layout, margin),
        _at_least("UEC", unused, UNUSED_CORRECTION),
        Parameter("FPD", _fixed_pattern_grade(layout, wrong)),
        _at_most("AN", _axial(one), AXIAL_NON_UNIFORMITY),
        _at_most("GN", _off_grid(one), GRID_NON_UNIFORMITY),
    ]


def _at_least(name: str, value: float, limits: Sequence[float]) -> Parameter:
    return Parameter(name, sum(value >= limit for limit in limits), value)


def _at_most(name: str, value: float, limits: Sequence[float]) -> Parameter:
    return Parameter(name, sum(value <= limit for limit in limits), value)


def _worst_of_codewords(layout: QrLayout, damage: Levels) -> npt.NDArray[np.float64]:
    """The greatest value among the modules of each codeword."""
    inside = layout.codeword >= 0
    worst = np.full(layout.codeword.max() + 1, -np.inf)
    np.maximum.at(worst, layout.codeword[inside], damage[inside])
    return worst


def _unused(layout: QrLayout, wrong: npt.NDArray[np.bool_]) -> float:
    """Unused error correction of the block that has least of it left, 0 … 1."""
    left = [
        1 - 2 * int(wrong[list(block.codewords)].sum()) / (block.correction - layout.protected)
        for block in layout.blocks
    ]
    return max(0.0, min(left))


def _by_codewords(name: str, layout: QrLayout, level: Levels) -> Parameter:
    """A module-wise parameter: a grade holds as far as error correction covers the codewords that miss it."""
    worst = -_worst_of_codewords(layout, -level)
    best = 0
    for number, least in enumerate(MODULATION, 1):
        unused = _at_least("", _unused(layout, worst < least), UNUSED_CORRECTION).grade
        best = max(best, min(number, unused))
    return Parameter(name, best)


def _fixed_pattern_grade(layout: QrLayout, wrong: npt.NDArray[np.bool_]) -> int:
    """The least of the segments' grades and of the grade of their mean."""
    segments = [_at_most("", int(wrong[area].sum()), FINDER_DAMAGE).grade for area in layout.finders]
    segments += [_at_most("", float(wrong[area].mean()), TIMING_DAMAGE).grade for area in layout.timing]
    if layout.alignments:
        damaged = float(np.mean([wrong[area].any() for area in layout.alignments]))
        segments.append(_at_most("", damaged, ALIGNMENT_DAMAGE).grade)
    mean = _at_least("", float(np.mean(segments)), MEAN_OF_SEGMENTS).grade
    return min(*segments, mean)


def _axial(one: Sampled) -> float:
    """How far the mean spacings of columns and of rows are apart, a share of their mean."""
    across = float(np.linalg.norm(np.diff(one.centres, axis=1), axis=2).mean())
    down = float(np.linalg.norm(np.diff(one.centres, axis=0), axis=2).mean())
    return abs(across - down) / ((across + down) / 2)


def _off_grid(one: Sampled) -> float:
    """How far a module's centre lies from the evenly spaced grid that fits all of them best, modules."""
    rows, columns = one.modules.shape
    down, across = np.mgrid[0:rows, 0:columns]
    places = np.column_stack((across.ravel(), down.ravel(), np.ones(rows * columns)))
    centres = one.centres.reshape(-1, 2)
    fitted, *_ = np.linalg.lstsq(places, centres, rcond=None)
    spacing = float(np.sqrt(abs(np.linalg.det(fitted[:2]))))
    return float(np.linalg.norm(centres - places @ fitted, axis=1).max()) / spacing
