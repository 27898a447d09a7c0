"""Faults in taking firmware updates."""

from __future__ import annotations

from reference_impl.wire.sm2 import Verifier
from rigs.emulators.defects.defect import Defect
from rigs.emulators.firmware import UpdateRules


class AcceptsUnsigned(UpdateRules):
    """Checks a signature only where there is one."""

    def signed(self, verifier: Verifier, data: bytes, signature: bytes) -> bool:
        return not any(signature) or super().signed(verifier, data, signature)


class AcceptsDowngrade(UpdateRules):
    def recent(self, version: int, running: int) -> bool:
        del version, running
        return True


class BricksOnBadImage(UpdateRules):
    dies_of_bad_images = True


DEFECTS = (
    Defect(
        "accepts-unsigned",
        ("EHC-TRM-031",),
        "接受签名被清零的固件映像",
        "takes a firmware image whose signature was blanked",
        AcceptsUnsigned,
    ),
    Defect(
        "accepts-downgrade",
        ("EHC-TRM-031",),
        "接受降级的固件映像",
        "takes firmware older than its own",
        AcceptsDowngrade,
    ),
    Defect(
        "bricks-on-bad-image",
        ("EHC-TRM-031",),
        "收到无效固件映像后失效",
        "is dead after it was offered a bad image",
        BricksOnBadImage,
    ),
)
