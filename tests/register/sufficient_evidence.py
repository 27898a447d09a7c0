"""Observations that are enough for every mandatory row of a terminal with no options, told as few as can be."""

from __future__ import annotations

from collections.abc import Iterator

from certification.observations import Cell, Observation

MEASURED: dict[str, list[tuple[str, str | float, int, list[Cell]]]] = {
    "EHC-TRM-001": [("identity", "conforms", 1, [{"field": name} for name in "abcde"])],
    "EHC-TRM-002": [("identity_check", "unchanged", 3, [{}])],
    "EHC-TRM-003": [("read", "exact", 299, [{}])],
    "EHC-TRM-004": [("read", "exact", 299, [{}])],
    "EHC-TRM-005": [("read", "exact", 15, [{"version": n, "level": level} for n in range(1, 11) for level in "LMQH"])],
    "EHC-TRM-006": [("other_symbol", "ignored", 200, [{}]), ("control", "exact", 10, [{}])],
    "EHC-TRM-007": [("read", "exact", 75, [{"surface": "screen", "colour": colour} for colour in "abcd"])],
    "EHC-TRM-008": [
        (
            "read",
            "exact",
            100,
            [{"quiet_zone": zone, "logo": logo} for zone in (0.7, 1, 2, 4) for logo in ("no", "yes")],
        )
    ],
    "EHC-TRM-009": [("read", "exact", 20, [{"distance": float(mm)} for mm in range(30, 201, 10)])],
    "EHC-TRM-010": [
        (
            "read",
            "exact",
            10,
            [
                *({"axis": "roll", "angle": float(angle)} for angle in range(0, 360, 15)),
                *(
                    {"axis": axis, "angle": angle}
                    for axis in ("pitch", "yaw")
                    for angle in (-35, -20, -10, 0, 10, 20, 35)
                ),
            ],
        )
    ],
    "EHC-TRM-011": [
        (
            "read",
            "exact",
            20,
            [
                *({"effect": "damage", "level": level} for level in range(8)),
                *({"effect": "fade", "level": level} for level in range(40, 101, 10)),
            ],
        )
    ],
    "EHC-TRM-012": [
        (
            "read",
            "exact",
            30,
            [
                {"brightness": bright, "illuminance": 500, "polariser": turned}
                for bright in (50, 100)
                for turned in ("no", "yes")
            ],
        )
    ],
    "EHC-TRM-013": [
        ("read", "exact", 5990, [{"campaign": "valid"}]),
        ("read", "exact", 1000, [{"campaign": "adjacent"}]),
    ],
    "EHC-TRM-014": [("deliveries", "one", 100, [{"presentation": "hold"}, {"presentation": "two codes"}])],
    "EHC-TRM-015": [("latency", 120.0, 299, [{}])],
    "EHC-TRM-016": [("check_time", 200.0, 299, [{}])],
    "EHC-TRM-023": [
        ("power_recovery", "unattended", 100, [{}]),
        ("power_recovery_time", 4.0, 100, [{}]),
        ("configuration", "kept", 100, [{}]),
    ],
    "EHC-TRM-025": [
        ("malformed", "refused", 10000, [{}]),
        ("recovery", "within_2s", 10000, [{}]),
        ("reboot", "none", 1, [{}]),
    ],
    "EHC-TRM-026": [
        ("configuration", "unchanged", 100, [{"payload": "configuration"}]),
        ("control", "exact", 10, [{}]),
    ],
    "EHC-TRM-027": [("retained_payload", "none", 500, [{}]), ("retained_identity_number", "none", 500, [{}])],
    "EHC-TRM-028": [("traffic_hour", "declared_only", 24, [{}]), ("control", "exact", 240, [{}])],
    "EHC-TRM-033": [
        ("read", "exact", 43200, [{}]),
        ("unrecovered_stops", 0, 1, [{}]),
        ("latency_p95", 120.0, 72, [{}]),
    ],
}
"""Measure, value, how often, and in which cells, by row."""


def sufficient(requirement: str) -> Iterator[Observation]:
    """Observations on which a row passes."""
    for measure, value, times, cells in MEASURED[requirement]:
        for cell in cells:
            yield Observation(requirement, measure, value, cell=cell, t_ns=1, journal=(1, 1), times=times)
