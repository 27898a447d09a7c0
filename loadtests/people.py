"""Registration fields of synthetic residents for load: region 439900, which GB/T 2260 assigns to nobody."""

from __future__ import annotations

import time
from random import Random

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_GIVEN = "甲乙丙丁戊己庚辛壬癸"


def registration(random: Random) -> dict[str, str]:
    """One resident as ``ehc.ehealthcard.register`` takes it; the check digit follows GB 11643."""
    body = f"439900{random.randint(1940, 2015)}{random.randint(1, 12):02d}{random.randint(1, 28):02d}"
    body += f"{random.randint(0, 999):03d}"
    check = "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]
    return {
        "register_no": f"load-{random.getrandbits(48):012x}",
        "register_time": time.strftime("%Y%m%d%H%M%S"),
        "apply_type": "3",
        "clerk_id": "synthetic-clerk",
        "id_type": "01",
        "id_no": body + check,
        "name": "压测" + "".join(random.choices(_GIVEN, k=2)),
    }
