"""The material of a scenario: which codes, in which appearance and pose, make up its sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from random import Random

from pytest_bdd import given

from fixtures.card_codes import neighbour, static_code, static_codes
from rigs.optics.stimulus import Appearance, Damage, Pose, Stimulus, Symbol, colour_from_hex
from steps.sampling import Trial

HUNAN_COLOURS = ("#000000", "#256A0A", "#F39119", "#E02020")
"""Dark colours of the public page of the Hunan card."""
CARD_BLUE = (43, 108, 176)
PAPER = (240, 238, 230)
"""Uncoated paper under white light."""
INK_STRENGTH = 0.85
"""How much of an ink's colour is left on paper."""
QUIET_ZONES = (4.0, 2.0, 1.0, 0.7)
LOGO_SHARE = 0.06
TILTS = (-45, -35, -30, -15, 0, 15, 30, 35, 45)
ROLLS = tuple(range(0, 360, 15))
DAMAGE_KINDS = ("stain", "scratch", "crease")
DAMAGE_JUDGED = 7


def symbol(text: str, chance: Random) -> Symbol:
    """A QR code of a text, its mask drawn at random: every mask is a valid symbol."""
    return Symbol(text.encode(), mask=chance.randrange(8))


def plain(
    chance: Random,
    appearance: Appearance | None = None,
    *,
    pose: Pose | None = None,
    blur: float = 0.0,
) -> Stimulus:
    """A static card code nobody holds, in a given appearance and pose."""
    code = symbol(static_code(chance), chance)
    return Stimulus((code,), appearance or Appearance(), pose or Pose(), blur=blur)


@given("static card codes with and without a record number", target_fixture="trials")
@given("带与不带档案号的静态电子健康卡码", target_fixture="trials")
def static_sample(chance: Random) -> Iterator[Trial]:
    """Endless: the registered stages decide how many are taken."""
    return (Trial(Stimulus((symbol(text, chance),)), {"shape": shape}) for shape, text in static_codes(chance))


@given("codes of every version from 1 to 10 at every error correction level", target_fixture="trials")
@given("版本 1 至 10、各纠错等级的码", target_fixture="trials")
def version_sample(chance: Random) -> list[Trial]:
    """15 codes in each of the 40 judged cells, and 2 in each of 40 larger ones that are only reported.

    Each is as short as the smallest of them demands.
    """
    cells = [(version, 15) for version in range(1, 11)] + [(version, 2) for version in range(11, 21)]
    return [
        Trial(
            Stimulus((Symbol(f"{chance.randrange(10**7):07d}".encode(), ec_level=level, version=version),)),
            {"version": version, "level": level},
        )
        for version, count in cells
        for level in "LMQH"
        for _ in range(count)
    ]


@given("card codes in the four colours of the Hunan card, on a screen and on paper", target_fixture="trials")
@given("湖南电子健康卡四种颜色的码，分别显示于屏幕和印于纸面", target_fixture="trials")
def colour_sample(chance: Random) -> list[Trial]:
    """75 codes of each colour on each surface."""
    trials = []
    for colour in HUNAN_COLOURS:
        ink = colour_from_hex(colour)
        faded = tuple(round(p + (i - p) * INK_STRENGTH) for p, i in zip(PAPER, ink, strict=True))
        looks = {
            "screen": Appearance(dark=ink),
            "paper": Appearance(dark=(faded[0], faded[1], faded[2]), ground=PAPER, surround=PAPER),
        }
        for surface, appearance in looks.items():
            trials += [Trial(plain(chance, appearance), {"colour": colour, "surface": surface}) for _ in range(75)]
    return trials


@given("card codes on card blue with quiet zones down to 0.7 module, with and without a logo", target_fixture="trials")
@given("卡蓝底色上静区由 4 个模块减至 0.7 个模块、带与不带徽标的码", target_fixture="trials")
def quiet_zone_sample(chance: Random) -> list[Trial]:
    """100 codes in each of the eight cells."""
    return [
        Trial(
            plain(chance, Appearance(surround=CARD_BLUE, quiet_zone=zone, logo=share)),
            {"quiet_zone": zone, "logo": "logo" if share else "plain"},
        )
        for zone in QUIET_ZONES
        for share in (0.0, LOGO_SHARE)
        for _ in range(100)
    ]


@given("card codes turned about all three axes", target_fixture="trials")
@given("绕三个轴转动的码", target_fixture="trials")
def angle_sample(chance: Random) -> list[Trial]:
    """10 codes at each angle."""
    poses = [("pitch", angle, Pose(pitch=angle)) for angle in TILTS]
    poses += [("yaw", angle, Pose(yaw=angle)) for angle in TILTS]
    poses += [("roll", angle, Pose(roll=angle)) for angle in ROLLS]
    return [
        Trial(plain(chance, pose=pose), {"axis": axis, "angle": angle})
        for axis, angle, pose in poses
        for _ in range(10)
    ]


@given("damaged, blurred and faded card codes", target_fixture="trials")
@given("破损、模糊和褪色的码", target_fixture="trials")
def damage_sample(chance: Random) -> list[Trial]:
    """20 codes at each step; where a step is judged, damage that nobody could read is drawn anew."""

    def damaged(share: int, kind: str) -> Trial:
        seed = chance.randrange(2**31)
        whole = plain(chance)

        def at(attempt: int) -> Stimulus:
            return replace(whole, damage=Damage(kind, share, seed + attempt))

        return Trial(at(0), {"effect": "damage", "level": share}, redraw=at if share <= DAMAGE_JUDGED else None)

    trials = [damaged(share, DAMAGE_KINDS[number % 3]) for share in range(13) for number in range(20)]
    trials += [
        Trial(plain(chance, blur=step / 4), {"effect": "blur", "level": step / 4})
        for step in range(9)
        for _ in range(20)
    ]
    trials += [
        Trial(plain(chance, Appearance(contrast=contrast)), {"effect": "fade", "level": contrast})
        for contrast in range(100, 20, -10)
        for _ in range(20)
    ]
    return trials


@given("valid card codes, and codes that are neighbours of them or destroyed", target_fixture="trials")
@given("有效码，以及与其相邻或已毁坏的码", target_fixture="trials")
def misread_sample(chance: Random) -> Iterator[Trial]:
    """500 neighbours of valid codes and 500 destroyed symbols in turn, then valid codes without end."""
    valid = (Trial(Stimulus((symbol(text, chance),)), {"campaign": "valid"}) for _, text in static_codes(chance))
    return chain(_misleading(chance), valid)


def _misleading(chance: Random) -> Iterator[Trial]:
    for _ in range(500):
        near = symbol(neighbour(static_code(chance), chance), chance)
        broken = replace(symbol(static_code(chance), chance), broken=0.6)
        yield Trial(Stimulus((near,)), {"campaign": "adjacent", "symbol": "neighbour"})
        yield Trial(Stimulus((broken,)), {"campaign": "adjacent", "symbol": "destroyed"}, check=False)


@given("single card codes, and pairs of card codes side by side", target_fixture="trials")
@given("单个码，以及并排的两个码", target_fixture="trials")
def presentation_sample(chance: Random) -> list[Trial]:
    """100 of each, in turn."""
    trials = []
    for _ in range(100):
        pair = (symbol(static_code(chance), chance), symbol(static_code(chance), chance))
        trials.append(Trial(plain(chance), {"presentation": "hold"}))
        trials.append(Trial(Stimulus(pair, Appearance(module_px=5)), {"presentation": "two codes"}))
    return trials


@given("static card codes", target_fixture="trials")
@given("静态电子健康卡码", target_fixture="trials")
def plain_sample(chance: Random) -> list[Trial]:
    """299 codes of the plain shape."""
    return [Trial(plain(chance), {"shape": "static"}) for _ in range(299)]
