"""Where software decoders stop reading as the laboratory's severities grow: the calibration table of docs/optics.md.

Run by ``make bench ARGS=optics``. Each severity is given in the unit in which the cliffs of software decoders are known
(modules, degrees, %), computed from the physical parameters, so that the laboratory's physics is checked on the way.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import cv2
import zxingcpp
from rich.console import Console
from rich.table import Table

from fixtures.card_codes import static_code
from rigs.optics.conditions import Conditions, Film, Glare, Lens, Light, Paper, Screen, Sensor
from rigs.optics.geometry import FOCAL_PX, Image
from rigs.optics.scene import render
from rigs.optics.stimulus import Appearance, Damage, Pose, Stimulus, Symbol
from xiangka.versions import machine, versions

COLUMNS = 33
"""Modules across a static card code at level M (version 4)."""
DISTANCE_MM = 90.0
MODULE_PX = 25 / COLUMNS * FOCAL_PX / DISTANCE_MM
BASE = Conditions(distance_mm=DISTANCE_MM, lens=Lens(focus_mm=DISTANCE_MM))

Decoder = Callable[[Image], bytes]


def zxing(image: Image) -> bytes:
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCodeModel2]))
    return found[0].bytes if found else b""


def opencv(detector: object) -> Decoder:
    def decode(image: Image) -> bytes:
        try:
            return detector.detectAndDecode(image)[0].encode()  # type: ignore[attr-defined]
        except cv2.error:
            return b""

    return decode


DECODERS: dict[str, Decoder] = {
    "zxing-cpp": zxing,
    "OpenCV ArUco": opencv(cv2.QRCodeDetectorAruco()),
    "OpenCV": opencv(cv2.QRCodeDetector()),
}


@dataclass(frozen=True)
class Severity:
    """A severity that grows.

    Attributes:
        name: what grows.
        unit: its unit.
        levels: from harmless to hopeless.
        put: a symbol under this severity; the seed is that of noise and damage.
        known: cliff of software decoders as measured elsewhere (between these levels), or None.
    """

    name: str
    unit: str
    levels: Sequence[float]
    put: Callable[[Symbol, float, int], Stimulus]
    known: tuple[float, float] | None = None


def under(symbol: Symbol, seed: int, conditions: Conditions = BASE, **more: object) -> Stimulus:
    return Stimulus((symbol,), conditions=replace(conditions, sensor=replace(conditions.sensor, seed=seed)), **more)


def defocus(symbol: Symbol, sigma: float, seed: int) -> Stimulus:
    """A disc of diameter 4 sigma has the same spread as a Gaussian of that sigma; the aperture is opened until then."""
    disc_px = 4 * sigma * MODULE_PX
    focal_mm = 5.4
    behind = abs(DISTANCE_MM - 60.0) / (DISTANCE_MM * (60.0 - focal_mm))
    f_number = focal_mm**2 * behind * 1000 / (6.0 * disc_px) if disc_px else 1e6
    lit = replace(BASE, lens=Lens(focus_mm=60.0, f_number=f_number), sensor=Sensor(exposure_ms=1e6, gain=1e6))
    return under(symbol, seed, lit)


def motion(symbol: Symbol, modules: float, seed: int) -> Stimulus:
    """Exposed for the full 8 ms on a screen at 40 %."""
    speed = modules * 25 / COLUMNS / 8e-3
    moving = replace(BASE, speed_mm_s=speed, direction_deg=float(seed % 180), surface=Screen(brightness=40.0))
    return under(symbol, seed, moving)


SEVERITIES = (
    Severity("Gaussian blur, sigma", "module", (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0),
             lambda s, x, _: Stimulus((s,), blur=x), (0.5, 0.8)),
    Severity("defocus, equal sigma", "module", (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0), defocus, (0.5, 0.8)),
    Severity("motion during exposure", "module", (0.5, 0.75, 1, 1.25, 1.5, 2, 2.5), motion, (1, 2)),
    Severity("tilt (pitch)", "°", (20, 30, 40, 45, 50, 55, 60, 65),
             lambda s, x, seed: under(s, seed, pose=Pose(pitch=x)), (45, 60)),
    Severity("distance", "mm", (60, 100, 150, 200, 250, 300, 350, 400),
             lambda s, x, seed: under(s, seed, replace(BASE, distance_mm=x, lens=Lens()))),
    Severity("ambient light on a screen at 20 %", "lx", (500, 2000, 5000, 10_000, 20_000, 40_000, 80_000),
             lambda s, x, seed: under(s, seed, replace(BASE, light=Light(x), surface=Screen(brightness=20.0)))),
    Severity("thermal fade", "%", (20, 40, 60, 70, 80, 90, 95),
             lambda s, x, seed: under(s, seed, replace(BASE, surface=Paper(fade=x)))),
    Severity("stain", "%", (2, 4, 6, 8, 10, 14),
             lambda s, x, seed: under(s, seed, damage=Damage("stain", x, seed))),
    Severity("glare, 10 mm wide, off the middle", "cd/m²", (200, 500, 1000, 2000, 5000, 20_000),
             lambda s, x, seed: under(s, seed, replace(BASE, glare=Glare(4, -3, 10, x)))),
    Severity("haze of a film", "1", (0.1, 0.3, 0.5, 0.7, 0.8, 0.9),
             lambda s, x, seed: under(s, seed, replace(BASE, film=Film(haze=x)))),
    Severity("curvature, 1 / radius", "1/m", (10, 20, 30, 40, 50, 60, 80),
             lambda s, x, seed: under(s, seed, replace(BASE, curvature_mm=1000 / x))),
    Severity("quiet zone lost", "module", (0, 1, 2, 3, 3.5, 4),
             lambda s, x, seed: under(s, seed, appearance=Appearance(quiet_zone=4 - x, surround=(20, 20, 20)))),
)  # fmt: skip


def shares(severity: Severity, codes: int) -> list[dict[str, float]]:
    """Share read by each decoder at each level."""
    found = []
    for level in severity.levels:
        chance = Random(f"{severity.name}/{level}")
        read = dict.fromkeys(DECODERS, 0)
        for _ in range(codes):
            symbol = Symbol(static_code(chance).encode(), mask=chance.randrange(8))
            image = render(severity.put(symbol, level, chance.randrange(2**31)))
            for name, decode in DECODERS.items():
                read[name] += decode(image) == symbol.content
        found.append({name: count / codes for name, count in read.items()})
    return found


def cliff(levels: Sequence[float], read: Sequence[float]) -> str:
    """The levels between which less than half is read for the first time."""
    for number, share in enumerate(read):
        if share < 0.5:
            return f"{levels[number - 1]:g} – {levels[number]:g}" if number else f"< {levels[0]:g}"
    return f"> {levels[-1]:g}"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks optics", description=__doc__)
    parser.add_argument("--codes", type=int, default=20, help="codes at each level")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    table = Table(title="Less than half is read between", title_justify="left")
    for heading in ("severity", "unit", "known", *DECODERS):
        table.add_column(heading)
    rows = {}
    for severity in SEVERITIES:
        read = shares(severity, options.codes)
        rows[severity.name] = {f"{level:g}": found for level, found in zip(severity.levels, read, strict=True)}
        cliffs = [cliff(severity.levels, [found[name] for found in read]) for name in DECODERS]
        known = "—" if severity.known is None else "{:g} – {:g}".format(*severity.known)
        table.add_row(severity.name, severity.unit, known, *cliffs)
    console = Console(width=140)
    console.print(table)
    console.print(f"{options.codes} codes a level, {machine()['cpu']}, commit {versions()['commit']}", highlight=False)
    if options.json is not None:
        options.json.write_text(json.dumps({"rows": rows, "machine": machine(), "versions": versions()}, indent=1))
