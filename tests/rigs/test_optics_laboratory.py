"""The optics laboratory obeys the physics it claims: more of a cause gives more of its effect, one seed one noise."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from rigs.optics.conditions import Conditions, Film, Glare, Lens, Light, Paper, Screen, Sensor
from rigs.optics.frames import make_frame, readable_at_all
from rigs.optics.geometry import FOCAL_PX, Placement
from rigs.optics.grading import LETTERS, grade
from rigs.optics.laboratory import clean_pictures
from rigs.optics.lens import blur_circle_px, disc, line, smear_px
from rigs.optics.reference import readable
from rigs.optics.scene import render
from rigs.optics.sensor import electrons_a_ms
from rigs.optics.stimulus import Appearance, Damage, Pose, Stimulus, Symbol
from rigs.optics.tone import light_of, values_of

CODE, OTHER = Symbol(b"8A3F" * 16 + b":1"), Symbol(b"19BC" * 16 + b":1")
WHITE = (slice(80, 98), slice(190, 450))
"""Quiet zone above a 25 mm code at 83 mm."""
QUIET = Sensor(read_noise_e=0.0, full_scale_e=1e6, quantum_efficiency=1.0, exposure_ms=1000.0)


def shown(conditions=None, symbols=(CODE,), **more) -> Stimulus:
    return Stimulus(symbols, conditions=conditions or Conditions(), **more)


def reads(stimulus) -> bool:
    return readable(render(stimulus), stimulus)


def sharpness(stimulus) -> float:
    return float(cv2.Laplacian(light_of(render(stimulus)), cv2.CV_32F).var())


def contrast(stimulus) -> float:
    light = light_of(render(stimulus))[120:360, 200:440]
    low, high = np.percentile(light, (5, 95))
    return float((high - low) / high)


def at(**changed) -> Stimulus:
    return shown(replace(Conditions(), **changed))


def test_a_code_is_as_large_as_a_pinhole_shows_it():
    image = light_of(render(at(distance_mm=90.0, light=Light(0.0), sensor=QUIET, lens=Lens(focus_mm=90.0, falloff=0))))
    columns = np.nonzero(image.max(axis=0) > 0.5)[0]
    side_mm = 25 * (33 + 8) / 33
    assert columns[-1] - columns[0] + 1 == pytest.approx(side_mm * FOCAL_PX / 90, abs=1.5)


def test_blur_grows_with_defocus_on_either_side_of_the_focus():
    lens = Lens(focus_mm=100.0)
    assert blur_circle_px(lens, 100.0) == 0
    near = [blur_circle_px(lens, d) for d in (90.0, 70.0, 50.0, 30.0)]
    far = [blur_circle_px(lens, d) for d in (110.0, 130.0, 160.0, 200.0)]
    assert near == sorted(near)
    assert far == sorted(far)
    assert blur_circle_px(replace(lens, f_number=4.0), 150.0) == pytest.approx(2 * blur_circle_px(lens, 150.0))
    seen = [
        sharpness(at(distance_mm=80.0, sensor=QUIET, lens=Lens(focus_mm=f, f_number=2.0))) for f in (80, 70, 60, 50)
    ]
    assert seen == sorted(seen, reverse=True)
    assert seen[0] > 5 * seen[-1]


def test_kernels_keep_the_light_they_spread():
    for kernel in (disc(0.5), disc(5.3), line(7.2, 30.0), line(12.0, 90.0)):
        assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert (disc(5.0) > 0).sum() == pytest.approx(np.pi * 2.5**2, rel=0.5)


def test_contrast_falls_as_ambient_light_grows():
    found = [contrast(at(light=Light(lx), distance_mm=83.0)) for lx in (0.0, 500.0, 5000.0, 20000.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.95
    assert found[-1] < 0.65


def test_a_polariser_dims_a_screen_after_malus_and_a_print_by_half():
    def brightest(**changed) -> float:
        fixed = replace(QUIET, exposure_ms=0.5, gain=1.0, full_scale_e=4e5, quantum_efficiency=100.0)
        dark_room = at(light=Light(0.0), sensor=fixed, distance_mm=83.0, **changed)
        return float(light_of(render(dark_room))[WHITE].mean())

    bare, along, across = (brightest(polariser_deg=angle) for angle in (None, 0.0, 90.0))
    assert along / bare == pytest.approx(0.93, rel=0.05)
    assert across / bare == pytest.approx(0.07, rel=0.1)
    film = Film(transmittance=1.0, haze=0.0, depolarisation=1.0)
    assert brightest(polariser_deg=90.0, film=film) / brightest(film=film) == pytest.approx(0.5, rel=0.05)


def test_a_dark_scene_is_noisier_and_darker_once_exposure_and_gain_are_spent():
    dim = at(surface=Screen(brightness=5.0), light=Light(5.0), distance_mm=83.0)
    lit = at(surface=Screen(brightness=100.0), light=Light(5.0), distance_mm=83.0)
    dim_light, lit_light = light_of(render(dim))[WHITE], light_of(render(lit))[WHITE]
    assert dim_light.mean() < lit_light.mean() / 5
    assert dim_light.std() / dim_light.mean() > 3 * lit_light.std() / lit_light.mean()


def test_light_reaches_the_sensor_as_the_lens_equation_says():
    wide, narrow = electrons_a_ms(Lens(f_number=4.0), Sensor()), electrons_a_ms(Lens(f_number=8.0), Sensor())
    assert wide == pytest.approx(4 * narrow)
    assert narrow == pytest.approx(0.82, rel=0.05)


def test_motion_smears_in_proportion_to_speed_and_exposure():
    assert smear_px(100.0, 8.0, 90.0) == pytest.approx(8.0)
    assert smear_px(200.0, 4.0, 90.0) == pytest.approx(8.0)
    still, moving = (at(speed_mm_s=v, surface=Screen(brightness=30.0), distance_mm=83.0) for v in (0.0, 300.0))
    assert reads(still)
    assert not reads(moving)
    assert readable_at_all(moving)


def test_a_torn_frame_holds_a_half_of_each_code():
    torn = shown(Conditions(torn=0.5, distance_mm=83.0, sensor=QUIET), (CODE, OTHER))
    older, newer = (render(shown(Conditions(distance_mm=83.0, sensor=QUIET), (s,))) for s in (CODE, OTHER))
    image = render(torn)
    assert abs(image[:236].astype(int) - newer[:236]).max() <= 3
    assert abs(image[244:].astype(int) - older[244:]).max() <= 3
    assert not reads(torn)
    pictures = clean_pictures(torn, torn.conditions)
    assert [clean.laid[0].symbol for clean in pictures] == [CODE, OTHER]
    assert readable_at_all(torn)


def test_two_codes_stand_in_view_together():
    assert reads(shown(Conditions(distance_mm=130.0), (CODE, OTHER)))


def test_glare_hides_what_it_falls_on():
    hit = at(glare=Glare(size_mm=12.0, cd_m2=20000.0), distance_mm=83.0)
    beside = at(glare=Glare(x_mm=60.0, size_mm=12.0, cd_m2=20000.0), distance_mm=83.0)
    assert contrast(hit) < contrast(beside)
    assert not reads(hit)


def test_switched_light_shows_bands_under_a_rolling_shutter_only():
    def bands(row_us) -> float:
        switched = at(
            surface=Screen(pwm_hz=240.0),
            light=Light(0.0),
            distance_mm=83.0,
            sensor=replace(QUIET, row_us=row_us, exposure_ms=2.0),
        )
        return float(np.std(light_of(render(switched))[80:400, 165]))

    assert bands(30.0) > 5 * bands(0.0)


def test_a_pixel_grid_beats_with_the_sensor():
    def ripple(grid_contrast) -> float:
        screen = Screen(pixel_mm=0.13, grid_contrast=grid_contrast, grid_angle=5.0)
        return float(np.std(light_of(render(at(surface=screen, distance_mm=83.0, sensor=QUIET)))[WHITE]))

    assert ripple(0.6) > 3 * ripple(0.0)


def test_a_cylinder_narrows_the_code_towards_its_edges():
    flat, bent = Placement(90.0), Placement(90.0, radius_mm=15.0)
    points = np.array([[-12.5, 0.0], [0.0, 0.0], [12.5, 0.0]])
    assert np.ptp(bent.project(points)[:, 0]) < np.ptp(flat.project(points)[:, 0])
    assert bent.project(points)[1] == pytest.approx(flat.project(points)[1])
    assert reads(at(curvature_mm=40.0, distance_mm=83.0))
    assert not readable_at_all(at(curvature_mm=12.0, distance_mm=83.0))


@pytest.mark.parametrize("placement", [Placement(90.0, Pose(20, -15, 30)), Placement(80.0, Pose(10, 5, 40), 30.0)])
def test_looking_at_the_carrier_undoes_the_projection(placement):
    looked_at = placement.on_carrier()
    rows, columns = np.mgrid[100:400:60, 150:500:70]
    points = looked_at[rows, columns].reshape(-1, 2).astype(float)
    back = placement.project(points)
    assert back == pytest.approx(np.column_stack((columns.ravel() + 0.5, rows.ravel() + 0.5)), abs=0.05)


def test_orange_ink_vanishes_under_red_light():
    orange = Appearance(dark=(0xF3, 0x91, 0x19))
    white_lit = shown(Conditions(surface=Paper()), appearance=orange)
    red_lit = shown(Conditions(surface=Paper(), sensor=Sensor(wavelength_nm=640.0)), appearance=orange)
    assert render(white_lit).ndim == 3
    assert render(red_lit).ndim == 2
    assert readable_at_all(white_lit)
    assert contrast(red_lit) < 0.25


def test_red_light_excuses_no_device_from_a_colour_that_white_light_shows():
    orange = Appearance(dark=(0xF3, 0x91, 0x19))
    red_lit = shown(Conditions(surface=Paper(), sensor=Sensor(wavelength_nm=640.0)), appearance=orange)
    assert not reads(red_lit)
    assert make_frame(red_lit, check=True).reference_reads
    parameters = {parameter.name: LETTERS[parameter.grade] for parameter in grade(red_lit).parameters}
    assert (parameters["DEC"], parameters["SC"]) == ("A", "F")


def test_the_same_seed_gives_the_same_noise_and_another_seed_another():
    first, again, other = (at(sensor=Sensor(seed=seed)) for seed in (7, 7, 8))
    assert make_frame(first).body == make_frame(again).body
    assert make_frame(first).body != make_frame(other).body


def test_a_device_is_not_excused_by_its_own_eye_but_by_what_nobody_could_read():
    too_near, blurred = at(distance_mm=30.0), at(lens=Lens(focus_mm=30.0, f_number=2.0), distance_mm=150.0)
    for hopeless in (too_near, blurred):
        assert not reads(hopeless)
        assert make_frame(hopeless, check=True).reference_reads
    washed_out = at(surface=Screen(brightness=2.0), light=Light(50000.0))
    stained = shown(damage=Damage("stain", 40, 1))
    for unreadable in (washed_out, stained):
        assert make_frame(unreadable, check=True).reference_reads is False


def test_values_and_light_are_inverse_to_each_other():
    every = np.arange(256, dtype=np.uint8).reshape(1, -1)
    assert abs(values_of(light_of(every)).astype(int) - every).max() <= 4
    assert (values_of(light_of(every))[0, 24:] == every[0, 24:]).mean() > 0.9
