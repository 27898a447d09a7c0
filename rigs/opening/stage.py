"""Opens the stage: a person where the bench file says so, else the frame port draws every setting itself."""

from __future__ import annotations

from functools import partial

from rigs.bench_tables.stage import StageTable
from rigs.instruments.lighting import illuminate
from rigs.opening.opening import Opening
from rigs.operators.stage import Illuminate, OperatorStage
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stage import RenderedStage
from rigs.roles import LightSource, LuxMeter, Presenter
from rigs.roles.stage import Stage

Light = tuple[LightSource | None, LuxMeter | None]
"""The lamp and the meter of a bench, as far as it binds them."""


def open_stage(table: StageTable | None, presenter: Presenter, light: Light, opening: Opening) -> Stage | None:
    """The stage of a bench; None where a display stands before the device and nobody is there to move it.

    With a lamp and a meter the light is set by them, whoever moves the phone.
    """
    stage: Stage | None = None
    if table is not None and opening.operator is not None:
        stage = OperatorStage(opening.operator, table.pixel_mm, _illuminate(light))
    elif isinstance(presenter, FramePortPresenter):
        stage = RenderedStage()
    if stage is not None:
        opening.closing.callback(stage.close)
    return stage


def _illuminate(light: Light) -> Illuminate | None:
    lamp, meter = light
    return None if lamp is None or meter is None else partial(illuminate, lamp, meter)
