"""What an invented laboratory states of an invented run, with two pictures of an invented device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from certification.laboratory import load_laboratory

SPECIMEN = Path(__file__).parents[2] / "fixtures" / "laboratories" / "specimen.toml"
REASON = {"zh": "橙色码将于下一固件版本改进", "en": "orange codes will be read by the next firmware"}
OF_ONE_ROW = {
    "requirement": "EHC-TRM-010",
    "what": {
        "zh": "以软件绘制各角度的图样，代替转台",
        "en": "Angles were drawn by software in place of a turntable",
    },
}
WAIVERS = [
    {
        "id": "W-2026-007",
        "requirement": "EHC-TRM-007",
        "kind": "waiver",
        "state": "applied",
        "reason": REASON,
        "approved_by": "样本授权签字人 Specimen Authoriser",
        "issued": "2026-11-01",
        "expires": "2027-01-31",
        "signed_by": {"authoriser": "SPECIMEN Authoriser 样本"},
    },
    {
        "id": "K-2025-002",
        "requirement": "EHC-TRM-016",
        "kind": "known_issue",
        "state": "expired",
        "reason": {"zh": "时延偏大", "en": "slow"},
        "approved_by": "样本审核员 Specimen Reviewer",
        "issued": "2025-11-01",
        "expires": "2026-05-31",
    },
]


def stated(folder: Path) -> dict[str, Any]:
    """Fields of ``run.json``; the pictures go into ``subject/``."""
    (folder / "subject").mkdir()
    _picture("front").save(folder / "subject" / "photograph-1.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "SecretCameraMaker"
    exif.get_ifd(0x8825)[2] = (28.0, 12.0, 0.0)  # GPS latitude
    _picture("side").save(folder / "subject" / "photograph-2.jpg", exif=exif)
    laboratory = load_laboratory(SPECIMEN).model_dump(mode="json")
    laboratory["deviations"].append(OF_ONE_ROW)
    return {
        "laboratory": laboratory,
        "subject_photographs": ["photograph-1.png", "photograph-2.jpg"],
        "statement_digest": "5c" * 32,
        "plan_digest": "9a" * 32,
        "catalogue": {"version": "2026.11.1", "sm3": "e7" * 32},
        "clocks": [
            {"of": of, "when": when, "sitting": 1, "offset_s": offset, "uncertainty_s": spread, "how": how}
            for when in ("start", "end")
            for of, offset, spread, how in (
                ("host", -0.0021, 0.0154, "kernel"),
                ("platform", 0.41 if when == "start" else 0.52, 1.0, "http date"),
                ("device", None, None, "not told"),
            )
        ],
        "waivers": WAIVERS,
    }


def _picture(text: str) -> Image.Image:
    picture = Image.new("RGB", (640, 400), "#e7ebef")
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle([200, 60, 440, 340], 30, fill="#343c46")
    pen.text((260, 190), text, fill="white")
    return picture
