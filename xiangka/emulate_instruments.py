"""``xiangka emulate`` for the instruments around a device."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def _light_source(kinds: Commands) -> None:
    lamp = kinds.add_parser("light-source", help="a SCPI lamp; prints its VISA resource and where its beam is")
    lamp.add_argument("--full-lx", type=float, default=12_000.0, metavar="LX", help="illuminance at 100 %%")
    lamp.add_argument("--tethered", action="store_true", help="end when standard input closes")

    def run_lamp(options: argparse.Namespace) -> int:
        from rigs.emulators import light_source as emulator

        emulator.run_light_source(emulator.LightSourceOptions(full_lx=options.full_lx, tethered=options.tethered))
        return 0

    lamp.set_defaults(command=run_lamp)


def _lux_meter(kinds: Commands) -> None:
    meter = kinds.add_parser("lux-meter", help="a SCPI lux meter; prints its VISA resource")
    meter.add_argument("--beam", metavar="HOST:PORT", help="beam of an emulated lamp that its sensor is in")
    meter.add_argument("--tethered", action="store_true", help="end when standard input closes")

    def run_meter(options: argparse.Namespace) -> int:
        from rigs.emulators import lux_meter as emulator

        emulator.run_lux_meter(emulator.LuxMeterOptions(beam=options.beam, tethered=options.tethered))
        return 0

    meter.set_defaults(command=run_meter)


def _camera(kinds: Commands) -> None:
    camera = kinds.add_parser("camera", help="a network camera; prints the URL of its MJPEG stream")
    camera.add_argument("--watch", required=True, metavar="URL", help="frame it looks at: http://127.0.0.1:PORT/frame")
    camera.add_argument("--rate", type=float, default=15.0, metavar="HZ", help="pictures a second (default: 15)")
    camera.add_argument("--tethered", action="store_true", help="end when standard input closes")

    def run_it(options: argparse.Namespace) -> int:
        from rigs.emulators import camera as emulator

        emulator.run_camera(emulator.CameraOptions(watch=options.watch, rate=options.rate, tethered=options.tethered))
        return 0

    camera.set_defaults(command=run_it)


DEVICES = (_light_source, _lux_meter, _camera)
