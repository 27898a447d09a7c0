"""Opens the stage: a person where the bench file says so, else the frame port draws every setting itself."""

from __future__ import annotations

from rigs.bench_tables.stage import StageTable
from rigs.opening.opening import Opening
from rigs.operators.stage import Illuminate, OperatorStage
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stage import RenderedStage
from rigs.roles import Presenter
from rigs.roles.stage import Stage


def open_stage(
    table: StageTable | None, presenter: Presenter, illuminate: Illuminate | None, opening: Opening
) -> Stage | None:
    """The stage of a bench; None where a display stands before the device and nobody is there to move it."""
    stage: Stage | None = None
    if table is not None and opening.operator is not None:
        stage = OperatorStage(opening.operator, table.pixel_mm, illuminate)
    elif isinstance(presenter, FramePortPresenter):
        stage = RenderedStage()
    if stage is not None:
        opening.closing.callback(stage.close)
    return stage
