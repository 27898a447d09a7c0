"""What ``openssl speed`` says of SM2 on this machine: the floor of the hardened profile."""

from __future__ import annotations

import subprocess


def sm2_verifications_per_s(seconds: int = 2) -> float:
    """Return signature verifications a second on one core."""
    told = subprocess.run(
        ["openssl", "speed", "-seconds", str(seconds), "sm2"], capture_output=True, text=True, check=True
    )
    return float(told.stdout.splitlines()[-1].split()[-1])
