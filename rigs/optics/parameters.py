"""The laboratory's parameters by name: unit, range, and how each is put into a stimulus.

``docs/optics.md`` tells them to people; a test keeps both alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rigs.optics.conditions import Conditions, Film, Glare, Lens, Light, Paper, Screen, Sensor
from rigs.optics.stimulus import Damage, Stimulus

Put = Callable[[Stimulus, float], Stimulus]


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        name: as the command line has it.
        unit: unit; ``1`` for a share or a count.
        low: least value.
        high: greatest value.
        zh: what it is, Chinese.
        en: the same in English.
        put: a stimulus with this value.
        whole: whether only whole numbers make sense.
    """

    name: str
    unit: str
    low: float
    high: float
    zh: str
    en: str
    put: Put
    whole: bool = False


def conditions_of(stimulus: Stimulus) -> Conditions:
    """The conditions of a stimulus, or the usual ones."""
    return stimulus.conditions or Conditions()


def _of_conditions(key: str) -> Put:
    return lambda stimulus, value: replace(stimulus, conditions=replace(conditions_of(stimulus), **_one(key, value)))


def _of_part(part: str, key: str, make: Callable[[], Any]) -> Put:
    """A value of a part of the conditions, which is brought in where it is missing or of another kind."""

    def put(stimulus: Stimulus, value: float) -> Stimulus:
        conditions = conditions_of(stimulus)
        present, fresh = getattr(conditions, part), make()
        held = present if isinstance(present, type(fresh)) else fresh
        return replace(stimulus, conditions=replace(conditions, **_one(part, replace(held, **_one(key, value)))))

    return put


def _of_pose(key: str) -> Put:
    return lambda stimulus, value: replace(stimulus, pose=replace(stimulus.pose, **_one(key, value)))


def _of_appearance(key: str) -> Put:
    return lambda stimulus, value: replace(stimulus, appearance=replace(stimulus.appearance, **_one(key, value)))


def _damage(kind: str) -> Put:
    def put(stimulus: Stimulus, value: float) -> Stimulus:
        seed = conditions_of(stimulus).sensor.seed
        return replace(stimulus, damage=Damage(kind, value, seed))

    return put


def _module_size(stimulus: Stimulus, value: float) -> Stimulus:
    from rigs.optics.symbols import draw_modules  # noqa: PLC0415 - whoever only names parameters draws nothing

    columns = draw_modules(stimulus.symbols[0]).shape[1]
    return replace(stimulus, conditions=replace(conditions_of(stimulus), code_mm=value * columns))


def _one(key: str, value: object) -> Any:
    return {key: value}


def _film(key: str) -> Put:
    return _of_part("film", key, Film)


def _cracks(stimulus: Stimulus, value: float) -> Stimulus:
    cracked = _film("cracks")(stimulus, int(value))
    return _film("seed")(cracked, conditions_of(stimulus).sensor.seed)


_ALL = (
    Parameter("code-size", "mm", 5, 80, "码的边长", "width of the code", _of_conditions("code_mm")),
    Parameter("module-size", "mm", 0.1, 3, "模块尺寸", "size of a module", _module_size),
    Parameter("quiet-zone", "module", 0, 8, "静区", "quiet zone", _of_appearance("quiet_zone")),
    Parameter("logo", "1", 0, 0.1, "徽标所占面积", "area of a logo in the middle", _of_appearance("logo")),
    Parameter("distance", "mm", 20, 500, "距离", "distance", _of_conditions("distance_mm")),
    Parameter("pitch", "°", -70, 70, "俯仰角", "pitch", _of_pose("pitch")),
    Parameter("yaw", "°", -70, 70, "偏转角", "yaw", _of_pose("yaw")),
    Parameter("roll", "°", -360, 360, "旋转角", "roll", _of_pose("roll")),
    Parameter("curvature", "mm", 5, 500, "圆柱半径", "radius of the cylinder", _of_conditions("curvature_mm")),
    Parameter("brightness", "%", 0.5, 100, "屏幕亮度", "brightness", _of_part("surface", "brightness", Screen)),
    Parameter(
        "peak-luminance",
        "cd/m²",
        50,
        2000,
        "屏幕最大亮度",
        "luminance at 100 %",
        _of_part("surface", "peak_cd_m2", Screen),
    ),
    Parameter(
        "contrast-ratio",
        "1",
        5,
        1e6,
        "屏幕对比度",
        "contrast of the panel",
        _of_part("surface", "contrast_ratio", Screen),
    ),
    Parameter(
        "reflectance", "1", 0, 0.2, "屏幕漫反射率", "diffuse reflectance", _of_part("surface", "reflectance", Screen)
    ),
    Parameter("gloss", "1", 0, 0.2, "屏幕镜面反射率", "mirrored share", _of_part("surface", "gloss", Screen)),
    Parameter(
        "polarisation", "1", 0, 1, "屏幕光偏振度", "degree of polarisation", _of_part("surface", "polarisation", Screen)
    ),
    Parameter("polariser", "°", 0, 180, "偏振片角度", "polariser", _of_conditions("polariser_deg")),
    Parameter("pwm", "Hz", 50, 5000, "PWM 频率", "switching of the light", _of_part("surface", "pwm_hz", Screen)),
    Parameter("pwm-duty", "1", 0.01, 1, "PWM 占空比", "share of time lit", _of_part("surface", "pwm_duty", Screen)),
    Parameter(
        "pixel-pitch", "mm", 0.02, 0.5, "屏幕像素间距", "display pixels", _of_part("surface", "pixel_mm", Screen)
    ),
    Parameter(
        "grid-contrast",
        "1",
        0,
        1,
        "像素网格对比度",
        "contrast of their grid",
        _of_part("surface", "grid_contrast", Screen),
    ),
    Parameter(
        "grid-angle", "°", -45, 45, "像素网格角度", "angle of their grid", _of_part("surface", "grid_angle", Screen)
    ),
    Parameter("paper", "1", 0.2, 1, "纸面反射率", "reflectance of paper", _of_part("surface", "ground", Paper)),
    Parameter("ink", "1", 0, 0.8, "油墨反射率", "reflectance of ink", _of_part("surface", "ink", Paper)),
    Parameter("fade", "%", 0, 100, "热敏纸褪色", "thermal fade", _of_part("surface", "fade", Paper)),
    Parameter("ambient", "lx", 0, 100_000, "环境照度", "ambient light", _of_part("light", "ambient_lx", Light)),
    Parameter(
        "lamp",
        "lx",
        0,
        20_000,
        "终端照明（100 mm 处）",
        "the device's lamp at 100 mm",
        _of_part("light", "lamp_lx", Light),
    ),
    Parameter("film", "1", 0.3, 1, "贴膜透过率", "film, transmittance", _film("transmittance")),
    Parameter("haze", "1", 0, 0.9, "贴膜雾度", "film, haze", _film("haze")),
    Parameter("haze-width", "mm", 0.1, 10, "雾散射宽度", "film, width of haze", _film("haze_mm")),
    Parameter("depolarisation", "1", 0, 1, "贴膜退偏", "film, depolarisation", _film("depolarisation")),
    Parameter("cracks", "1", 0, 40, "贴膜裂纹数", "film, cracks", _cracks, whole=True),
    Parameter("crack-width", "mm", 0.02, 1, "裂纹宽度", "film, width of a crack", _film("crack_mm")),
    Parameter("glare", "cd/m²", 0, 100_000, "眩光亮度", "glare", _of_part("glare", "cd_m2", Glare)),
    Parameter("glare-size", "mm", 1, 80, "眩光尺寸", "size of the glare", _of_part("glare", "size_mm", Glare)),
    Parameter(
        "glare-x", "mm", -60, 60, "眩光位置（右）", "glare, right of the middle", _of_part("glare", "x_mm", Glare)
    ),
    Parameter("glare-y", "mm", -60, 60, "眩光位置（下）", "glare, below the middle", _of_part("glare", "y_mm", Glare)),
    Parameter("stain", "%", 0, 40, "污渍面积", "stains", _damage("stain")),
    Parameter("scratch", "%", 0, 40, "划痕面积", "scratches", _damage("scratch")),
    Parameter("crease", "%", 0, 40, "折痕面积", "creases", _damage("crease")),
    Parameter("speed", "mm/s", 0, 2000, "移动速度", "speed across", _of_conditions("speed_mm_s")),
    Parameter("direction", "°", -180, 180, "移动方向", "direction of motion", _of_conditions("direction_deg")),
    Parameter("torn", "1", 0, 1, "画面撕裂位置", "tear between two codes", _of_conditions("torn")),
    Parameter("f-number", "1", 1, 22, "镜头光圈数", "f-number", _of_part("lens", "f_number", Lens)),
    Parameter("focus", "mm", 20, 2000, "对焦距离", "focus", _of_part("lens", "focus_mm", Lens)),
    Parameter("sensor-pixel", "µm", 1, 12, "传感器像素", "pixel of the sensor", _of_part("lens", "pixel_um", Lens)),
    Parameter(
        "lens-transmittance",
        "1",
        0.2,
        1,
        "镜头透过率",
        "transmittance of the lens",
        _of_part("lens", "transmittance", Lens),
    ),
    Parameter("falloff", "1", 0, 0.9, "暗角", "vignetting", _of_part("lens", "falloff", Lens)),
    Parameter("exposure", "ms", 0.02, 100, "最长曝光", "longest exposure", _of_part("sensor", "exposure_ms", Sensor)),
    Parameter("gain", "1", 1, 64, "最大增益", "largest gain", _of_part("sensor", "gain", Sensor)),
    Parameter("read-noise", "e⁻", 0, 100, "读出噪声", "read noise", _of_part("sensor", "read_noise_e", Sensor)),
    Parameter(
        "full-scale", "e⁻", 500, 100_000, "满量程电子数", "full scale", _of_part("sensor", "full_scale_e", Sensor)
    ),
    Parameter(
        "efficiency", "1", 0.05, 1, "量子效率", "quantum efficiency", _of_part("sensor", "quantum_efficiency", Sensor)
    ),
    Parameter("row-delay", "µs", 0, 100, "行延时（卷帘快门）", "delay of a row", _of_part("sensor", "row_us", Sensor)),
    Parameter("wavelength", "nm", 625, 660, "红光照明波长", "red light", _of_part("sensor", "wavelength_nm", Sensor)),
)

PARAMETERS: Mapping[str, Parameter] = {parameter.name: parameter for parameter in _ALL}
