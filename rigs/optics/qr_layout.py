"""Where a QR code keeps what: function patterns, and for every other module its codeword and block (ISO/IEC 18004)."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from qrcode.base import rs_blocks
from qrcode.util import pattern_position

from rigs.optics.symbols import EC_LEVELS

Mask = npt.NDArray[np.bool_]
"""A flag for each module, shape (size, size)."""

_PROTECTED = {(1, "L"): 3, (1, "M"): 2, (1, "Q"): 1, (1, "H"): 1, (2, "L"): 2, (3, "L"): 1}
"""Codewords kept back against misdecoding, table 9."""


@dataclass(frozen=True)
class Block:
    """One error-correction block.

    Attributes:
        codewords: its codewords, as indices into the symbol's stream, data first.
        correction: number of its error-correction codewords.
    """

    codewords: tuple[int, ...]
    correction: int


@dataclass(frozen=True)
class QrLayout:
    """The layout of one version at one error-correction level.

    Attributes:
        function: modules of finder, separator, timing and alignment patterns, format and version information.
        finders: the three finder patterns with their separators.
        timing: the two timing patterns between them.
        alignments: each alignment pattern by itself.
        codeword: index of each module's codeword in the symbol's stream; -1 where it has none.
        blocks: its error-correction blocks.
        protected: codewords of each block kept back against misdecoding.
    """

    function: Mask
    finders: tuple[Mask, ...]
    timing: tuple[Mask, ...]
    alignments: tuple[Mask, ...]
    codeword: npt.NDArray[np.int64]
    blocks: tuple[Block, ...]
    protected: int


@functools.lru_cache(160)
def qr_layout(version: int, ec_level: str) -> QrLayout:
    """The layout of a version 1 … 40 at level ``L M Q H``."""
    size = 17 + 4 * version
    finders = tuple(_area(size, *area) for area in ((0, 8, 0, 8), (0, 8, size - 8, size), (size - 8, size, 0, 8)))
    timing = (_area(size, 6, 7, 8, size - 8), _area(size, 8, size - 8, 6, 7))
    alignments = tuple(_alignments(version, size))
    function = np.logical_or.reduce((*finders, *timing, *alignments, _information(version, size)))
    codeword = np.full((size, size), -1)
    blocks = tuple(_blocks(version, ec_level))
    total = sum(len(block.codewords) for block in blocks)
    for number, (row, column) in enumerate(_path(function)):
        if number // 8 < total:
            codeword[row, column] = number // 8
    return QrLayout(function, finders, timing, alignments, codeword, blocks, _PROTECTED.get((version, ec_level), 0))


def _area(size: int, top: int, bottom: int, left: int, right: int) -> Mask:
    mask = np.zeros((size, size), np.bool_)
    mask[top:bottom, left:right] = True
    return mask


def _alignments(version: int, size: int) -> list[Mask]:
    centres = pattern_position(version)
    corners = {(6, 6), (6, size - 7), (size - 7, 6)}
    return [
        _area(size, row - 2, row + 3, column - 2, column + 3)
        for row in centres
        for column in centres
        if (row, column) not in corners
    ]


def _information(version: int, size: int) -> Mask:
    mask = _area(size, 0, 9, 8, 9) | _area(size, 8, 9, 0, 9)
    mask |= _area(size, 8, 9, size - 8, size) | _area(size, size - 8, size, 8, 9)
    if version >= 7:
        mask |= _area(size, 0, 6, size - 11, size - 8) | _area(size, size - 11, size - 8, 0, 6)
    return mask


def _path(function: Mask) -> list[tuple[int, int]]:
    """Modules in the order in which codewords fill them: pairs of columns from the right, up and down in turn."""
    size = function.shape[0]
    path = []
    upward = True
    for right in [*range(size - 1, 6, -2), *range(5, 0, -2)]:
        for step in range(size):
            row = size - 1 - step if upward else step
            path += [(row, column) for column in (right, right - 1) if not function[row, column]]
        upward = not upward
    return path


def _blocks(version: int, ec_level: str) -> list[Block]:
    """Codewords are interleaved: the first of each block, then the second of each, data before correction."""
    found = [
        (block.data_count, block.total_count - block.data_count) for block in rs_blocks(version, EC_LEVELS[ec_level])
    ]
    taken: list[list[int]] = [[] for _ in found]
    stream = 0
    for part in (0, 1):
        for place in range(max(counts[part] for counts in found)):
            for number, counts in enumerate(found):
                if place < counts[part]:
                    taken[number].append(stream)
                    stream += 1
    return [Block(tuple(words), counts[1]) for words, counts in zip(taken, found, strict=True)]
