"""The maker of the emulated device: signs its images with a key of the run, and throws the key away."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from reference_impl.wire.sm2 import KeyPair, Signer, generate
from rigs.protocols.firmware_image import FirmwareImage

BODY_BYTES = 4096
FACTORY_VERSION = 123
"""What every emulated scanner leaves the factory with: V1.23."""
OTHER_MODEL = "EMU-OTHER"


@dataclass(frozen=True)
class MadeFirmware:
    """What a maker gives away.

    Attributes:
        public_key: what its devices check signatures with, 65 bytes.
        image: the firmware they left the factory with.
        previous: the one before.
        next: the one after.
        other_signer: the same firmware, signed by somebody else.
        other_model: of the same version, for another model.
    """

    public_key: bytes
    image: Path
    previous: Path
    next: Path
    other_signer: Path
    other_model: Path


def make_firmware(folder: Path, model: str) -> MadeFirmware:
    """Make a key and images for a model, as files in a folder."""
    maker, stranger = generate(), generate()
    body = secrets.token_bytes(BODY_BYTES)

    def made(name: str, of: FirmwareImage, signer: KeyPair = maker) -> Path:
        file = folder / name
        file.write_bytes(of.signed_part() + Signer(signer.private, signer.public).sign(of.signed_part()))
        return file

    present = FirmwareImage(model, FACTORY_VERSION, body)
    older = FirmwareImage(model, FACTORY_VERSION - 1, body[::-1])
    newer = FirmwareImage(model, FACTORY_VERSION + 1, secrets.token_bytes(BODY_BYTES))
    return MadeFirmware(
        maker.public,
        made("firmware.bin", present),
        made("previous.bin", older),
        made("next.bin", newer),
        made("other-signer.bin", present, stranger),
        made("other-model.bin", FirmwareImage(OTHER_MODEL, FACTORY_VERSION, body)),
    )
