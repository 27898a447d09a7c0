"""The physical conditions under which a code is seen, in units a person at a bench can measure.

Ranges are those within which the laboratory was looked at; ``rigs.optics.parameters`` holds and checks them, and
``docs/optics.md`` says where the numbers come from.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Screen:
    """A display that shows the code; the defaults are those of a phone (stated, not measured).

    Attributes:
        peak_cd_m2: luminance of white at full brightness, cd/m².
        brightness: share of it that is set, %.
        contrast_ratio: white to black of the panel itself, in the dark.
        reflectance: share of the light falling on it that its dark surface scatters back.
        gloss: share of the room that its glass mirrors.
        polarisation: degree of polarisation of its own light, 0 … 1.
        pwm_hz: frequency at which its light is switched, Hz; 0 for steady light.
        pwm_duty: share of a period in which it is on.
        pixel_mm: pitch of its pixels, mm.
        grid_contrast: contrast of the grid between its pixels, 0 … 1; 0 for none.
        grid_angle: angle of that grid to the code's rows, degrees.
    """

    peak_cd_m2: float = 500.0
    brightness: float = 100.0
    contrast_ratio: float = 1000.0
    reflectance: float = 0.02
    gloss: float = 0.04
    polarisation: float = 0.86
    pwm_hz: float = 0.0
    pwm_duty: float = 0.5
    pixel_mm: float = 0.06
    grid_contrast: float = 0.0
    grid_angle: float = 0.0


@dataclass(frozen=True, slots=True)
class Paper:
    """A print that carries the code.

    Attributes:
        ground: reflectance of the paper.
        ink: least reflectance of any ink.
        fade: share of the ink's density that a thermal print has lost, %.
        gloss: share of the room that its surface mirrors.
    """

    ground: float = 0.85
    ink: float = 0.05
    fade: float = 0.0
    gloss: float = 0.0


@dataclass(frozen=True, slots=True)
class Light:
    """What lights the scene besides a screen.

    Attributes:
        ambient_lx: illuminance of the room on the carrier, lx, from everywhere.
        lamp_lx: illuminance of the device's own lamp on a carrier 100 mm away, lx; falls with the square of distance.
    """

    ambient_lx: float = 500.0
    lamp_lx: float = 0.0


@dataclass(frozen=True, slots=True)
class Film:
    """A protector film over the code.

    Attributes:
        transmittance: share of light that passes it once.
        haze: share of the passing light that is scattered, 0 … 1.
        haze_mm: how far that light is scattered, sigma on the carrier, mm.
        depolarisation: share of the polarisation that is lost in it, 0 … 1.
        cracks: number of cracks that run across it.
        crack_mm: width of a crack, mm.
        seed: where the cracks run.
    """

    transmittance: float = 0.92
    haze: float = 0.02
    haze_mm: float = 1.5
    depolarisation: float = 0.0
    cracks: int = 0
    crack_mm: float = 0.15
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Glare:
    """A lamp mirrored in the carrier's surface.

    Attributes:
        x_mm: how far right of the middle its image lies, mm on the carrier.
        y_mm: how far below the middle, mm.
        size_mm: full width of its image at half its brightness, mm.
        cd_m2: luminance added at its centre, cd/m².
    """

    x_mm: float = 0.0
    y_mm: float = 0.0
    size_mm: float = 10.0
    cd_m2: float = 2000.0


@dataclass(frozen=True, slots=True)
class Lens:
    """The device's lens: a thin lens with the bench's focal length of 900 pixels.

    Attributes:
        pixel_um: pitch of the sensor's pixels, µm; with it the focal length is 0.9 × pitch mm (5.4 mm at 6 µm).
        f_number: focal length over the diameter of the aperture.
        focus_mm: distance at which it is sharp, mm.
        transmittance: share of the light that passes it.
        falloff: what the corner of the frame loses besides cos⁴, 0 … 1.
    """

    pixel_um: float = 6.0
    f_number: float = 8.0
    focus_mm: float = 100.0
    transmittance: float = 0.9
    falloff: float = 0.2


@dataclass(frozen=True, slots=True)
class Sensor:
    """The device's sensor and its automatic exposure.

    Attributes:
        quantum_efficiency: electrons a photon.
        full_scale_e: electrons at full scale, gain 1.
        read_noise_e: read noise, electrons rms.
        exposure_ms: longest exposure, ms.
        gain: largest gain.
        row_us: delay from one row to the next, µs; 0 for a global shutter.
        wavelength_nm: 0 for a sensor under white light; 625 … 660 for a monochrome one that sees red only.
        seed: source of its noise.
    """

    quantum_efficiency: float = 0.5
    full_scale_e: float = 8000.0
    read_noise_e: float = 8.0
    exposure_ms: float = 8.0
    gain: float = 4.0
    row_us: float = 0.0
    wavelength_nm: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything that decides how a code looks from where the device stands.

    Attributes:
        code_mm: width of the symbol without its quiet zone, mm.
        distance_mm: from the lens to the code, mm.
        surface: what carries the code.
        light: what else lights it.
        film: a film over it, or None.
        polariser_deg: angle of a polariser before the lens to the screen's own polarisation, degrees; None for no
            polariser.
        glare: a lamp mirrored in it, or None.
        curvature_mm: radius of the upright cylinder it is wrapped around, mm; 0 for flat.
        speed_mm_s: how fast it moves across, mm/s.
        direction_deg: direction of that motion, degrees from the frame's rows.
        torn: where the frame tears between two symbols shown one after the other, share of the frame's height: the
            first symbol stands below, the second above; None for none.
        lens: the device's lens.
        sensor: the device's sensor.
    """

    code_mm: float = 25.0
    distance_mm: float = 100.0
    surface: Screen | Paper = field(default_factory=Screen)
    light: Light = field(default_factory=Light)
    film: Film | None = None
    polariser_deg: float | None = None
    glare: Glare | None = None
    curvature_mm: float = 0.0
    speed_mm_s: float = 0.0
    direction_deg: float = 0.0
    torn: float | None = None
    lens: Lens = field(default_factory=Lens)
    sensor: Sensor = field(default_factory=Sensor)
