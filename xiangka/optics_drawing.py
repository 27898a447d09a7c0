"""``xiangka optics draw``: a stimulus as a picture, and its grade."""

from __future__ import annotations

from pathlib import Path
from random import Random

from certification.errors import PlanError
from rigs.optics.frames import Frame, make_frame, netpbm
from rigs.optics.geometry import FOCAL_PX
from rigs.optics.grading import grade
from rigs.optics.laboratory import clean_pictures
from rigs.optics.lens import blur_circle_px
from rigs.optics.parameters import conditions_of
from rigs.optics.reference import readable
from rigs.optics.scene import reference_pictures
from rigs.optics.stimulus import Stimulus
from xiangka.optics_stimulus import Wanted


def draw(wanted: Wanted, seed: int, out: Path, clean: Path | None) -> int:
    """Write the picture a device would get, and the clean one on demand; print what there is to say of it."""
    stimulus = wanted.stimulus(Random(f"{seed}/draw"))  # noqa: S311 - stimuli, not secrets
    frame = make_frame(stimulus, check=True)
    _write(out, frame)
    if clean is not None:
        _write(clean, Frame(netpbm(reference_pictures(stimulus)[0][0]), stimulus))
    found = grade(stimulus)
    print(f"{out}: {wanted.told()}")
    print(_geometry(stimulus))
    print(f"relative stimulus grade {found.letter}: {' · '.join(str(parameter) for parameter in found.parameters)}")
    print(f"reference decoder: clean {_reads(bool(frame.reference_reads))}, as seen {_reads(_seen(frame, stimulus))}")
    return 0


def _seen(frame: Frame, stimulus: Stimulus) -> bool:
    return readable(frame.image(), stimulus)


def _geometry(stimulus: Stimulus) -> str:
    conditions = conditions_of(stimulus)
    laid = clean_pictures(stimulus, conditions)[0].laid[0]
    module_px = laid.module_mm * FOCAL_PX / conditions.distance_mm
    blur = blur_circle_px(conditions.lens, conditions.distance_mm)
    return (
        f"module {laid.module_mm:.3f} mm, {module_px:.2f} px at {conditions.distance_mm:g} mm; "
        f"defocus disc {blur:.2f} px = {blur / module_px:.2f} module"
    )


def _reads(reads: bool) -> str:
    return "reads it" if reads else "does not read it"


def _write(path: Path, frame: Frame) -> None:
    if path.suffix.lower() != ".png":
        raise PlanError("is not the name of a PNG file", where=str(path), remedy="let it end in .png")
    try:
        path.write_bytes(frame.png())
    except OSError as error:
        raise PlanError(f"cannot be written ({error.strerror})", where=str(path), remedy="name another file") from error
