"""Opens whatever installs firmware on the device."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from reference_impl.wire.sm2 import SIGNATURE_BYTES
from rigs.bench_tables.updater import IMAGE, UpdaterTable
from rigs.drivers.update_command import CommandUpdater, Images, Signs
from rigs.emulators.firmware_maker import MadeFirmware, make_firmware
from rigs.opening.opening import Opening


@dataclass(frozen=True)
class Factory:
    """What an emulated scanner is given so that it takes updates.

    Attributes:
        made: key and images of its maker.
        flash: folder it keeps its firmware in.
    """

    made: MadeFirmware
    flash: Path

    def arguments(self) -> list[str]:
        """The same as options of ``xiangka emulate scanner``."""
        return ["--maker-key", self.made.public_key.hex(), "--flash", str(self.flash)]


def open_factory(table: UpdaterTable | None, protocol: str, opening: Opening) -> Factory | None:
    """The maker of an emulated scanner; None where the bench emulates no updates."""
    if table is None or table.emulated is None:
        return None
    folder = opening.emulation.state / "firmware"
    flash = folder / "flash"
    flash.mkdir(parents=True)
    return Factory(make_firmware(folder, f"EMU-{protocol.upper()}"), flash)


def open_updater(table: UpdaterTable, factory: Factory | None, port: str | None, opening: Opening) -> CommandUpdater:
    """The updater of a bench.

    Args:
        table: its table.
        factory: the maker of an emulated scanner, or None.
        port: ``host:port`` of an emulated scanner's update port, or None.
        opening: the bench being opened.

    Raises:
        BenchFileError: an image cannot be read.
    """
    command, images = table.command, _images(table)
    folder = opening.emulation.state / "offered"
    folder.mkdir(parents=True, exist_ok=True)
    if factory is not None and port is not None:
        command = (sys.executable, "-m", "xiangka", "emulate", "update-tool", "--port", port, IMAGE)
        made = factory.made
        others = (("other signer", made.other_signer), ("other model", made.other_model))
        images = Images(made.image, made.previous, others, SIGNATURE_BYTES)
    return CommandUpdater(
        command,
        images,
        accepted=Signs(table.accepted_exits, table.accepted_words),
        refused=Signs(table.refused_exits, table.refused_words),
        folder=folder,
        journal=opening.journal,
        timeout_s=table.timeout_s,
    )


def _images(table: UpdaterTable) -> Images:
    others = (("other signer", table.other_signer_image), ("other model", table.other_model_image))
    supplied = tuple((what, file) for what, file in others if file is not None)
    return Images(table.image or Path(), table.previous_image, supplied, table.signature_bytes)
