"""Opens the stage: a person where the bench file says so, else the frame port draws every setting itself."""

from __future__ import annotations

from rigs.bench_tables.stage import StageTable
from rigs.instruments.lighting import LampLight
from rigs.opening.opening import Opening
from rigs.operators.light import HandLight
from rigs.operators.stage import OperatorStage, StageLight
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stage import RenderedStage
from rigs.roles import LightSource, LuxMeter, Operator, Presenter
from rigs.roles.stage import Stage

Light = tuple[LightSource | None, LuxMeter | None]
"""The lamp and the meter of a bench, as far as it binds them."""


def open_stage(table: StageTable | None, presenter: Presenter, light: Light, opening: Opening) -> Stage | None:
    """The stage of a bench; None where a display stands before the device and nobody is there to move it.

    With a lamp and a meter the light is set by them, whoever moves the phone; with a meter alone a person sets it, and
    the meter makes sure.
    """
    stage: Stage | None = None
    if table is not None and opening.operator is not None:
        stage = OperatorStage(opening.operator, table.pixel_mm, _light(light, opening.operator))
    elif isinstance(presenter, FramePortPresenter):
        stage = RenderedStage()
    if stage is not None:
        opening.closing.callback(stage.close)
    return stage


def _light(light: Light, operator: Operator) -> StageLight:
    lamp, meter = light
    return HandLight(operator, meter) if lamp is None or meter is None else LampLight(lamp, meter)
