"""Which roles and links a bench does not bind, so that the rows in need of them are left open with that reason."""

from __future__ import annotations

from rigs.bench_file import BenchFile
from rigs.bench_tables.presenters import FramePortTable
from rigs.bench_tables.scanner import UNANSWERING, UNTOLD
from rigs.platform_credentials import load_platform_credentials


def unbound_roles(file: BenchFile) -> list[str]:
    """Roles and links a bench does not bind, as plans name them."""
    platform = file.platform
    tokens = None if platform.credentials is None else load_platform_credentials(platform.credentials).tokens
    bound = {
        "keyboard_link": file.keyboard is not None,
        "power": file.power is not None,
        "traces": file.traces is not None,
        "network": file.network is not None,
        "usb_link": file.usb is not None,
        "cards": file.cards is not None and (file.cards.emulated is not None or file.operator is not None),
        "timed_power": file.power is not None and file.power.driver == "scpi",
        "stage": file.stage is not None or isinstance(file.presenter, FramePortTable),
        "lux_meter": file.lux_meter is not None or file.stage is None,
        "operator": file.operator is not None,
        "security_module": file.security_module is not None,
        "firmware_update": file.updater is not None,
        "own_clock": file.checker is not None,
        "serial_link": file.scanner is None or file.scanner.serial,
        "scanner_commands": file.scanner is None or file.scanner.driver not in UNANSWERING,
        "scanner_settings": file.scanner is None or file.scanner.driver not in UNTOLD,
        "platform_host": platform.reference is not None,
        "platform_admin": tokens is None or "admin" in tokens,
        "platform_officers": tokens is None or {"officer", "officer2"} <= tokens.keys(),
        "platform_clock": platform.clock_turns,
        "load": file.load is not None,
    }
    return [role for role, there in bound.items() if not there]
