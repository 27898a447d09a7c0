"""The prefectures of Hunan: GB/T 2260 codes and names, and the codes that only synthetic institutions have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

PREFECTURES: Mapping[str, str] = MappingProxyType(
    {
        "430100": "长沙市",
        "430200": "株洲市",
        "430300": "湘潭市",
        "430400": "衡阳市",
        "430500": "邵阳市",
        "430600": "岳阳市",
        "430700": "常德市",
        "430800": "张家界市",
        "430900": "益阳市",
        "431000": "郴州市",
        "431100": "永州市",
        "431200": "怀化市",
        "431300": "娄底市",
        "433100": "湘西土家族苗族自治州",
    }
)

_SYNTHETIC = re.compile(r"4399[0-9]{2}")


def is_prefecture(code: str) -> bool:
    """Tell whether a 6-digit code is a prefecture of Hunan, or synthetic: 4399 belongs to none."""
    return code in PREFECTURES or _SYNTHETIC.fullmatch(code) is not None


def prefecture_of(region: str) -> str:
    """Return the prefecture a 6-digit region code lies in, a synthetic region being its own; "" outside Hunan."""
    if _SYNTHETIC.fullmatch(region):
        return region
    code = f"{region[:4]}00"
    return code if code in PREFECTURES else ""
