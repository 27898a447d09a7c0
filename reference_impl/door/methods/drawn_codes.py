"""A picture of a code beside its text, for whoever shows or prints codes and has no renderer of their own.

Reconstructed: the fields ``image`` (a preset of ``codes.rendering``) and ``image_dark`` (a colour of ``hunan-page``),
and ``ehealth_code_image`` in the answer, a PNG in base64.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import partial

from reference_impl.codes.rendering import PRESETS, Rendering, preset, render_png
from reference_impl.door.methods.business_fields import optional
from reference_impl.refusals import BAD_FIELD, RefusalError


def asked_drawing(biz: Mapping[str, str]) -> Rendering | None:
    """Return how the code shall be drawn, None where no picture is asked for.

    Raises:
        RefusalError: bad_field.
    """
    name, dark = optional(biz, "image"), optional(biz, "image_dark")
    if not name and not dark:
        return None
    if name not in PRESETS:
        raise RefusalError(BAD_FIELD, "image")
    try:
        return preset(name, dark.upper()) if dark else PRESETS[name]
    except ValueError as error:
        raise RefusalError(BAD_FIELD, "image_dark") from error


def picture_of(text: str, rendering: Rendering | None) -> Callable[[], Mapping[str, str]] | None:
    """Return what draws ``text`` when it is called, None where nothing is to be drawn."""
    return None if rendering is None else partial(_picture, text, rendering)


def _picture(text: str, rendering: Rendering) -> Mapping[str, str]:
    return {"ehealth_code_image": base64.b64encode(render_png(text, rendering)).decode("ascii")}
