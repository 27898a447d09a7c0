"""Words of what a person recorded in a form, of whatever kind of subject."""

from __future__ import annotations

from collections.abc import Mapping

from certification.catalogue import Text
from certification.forms import ITEM, OTHERWISE


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


VALUES: Mapping[str, Text] = {OTHERWISE: _t("其他结果", "any other outcome")}

CELL_KEYS: Mapping[str, Text] = {ITEM: _t("项目", "item")}

DETAIL_KEYS: Mapping[str, Text] = {
    "recorded_by": _t("人工记录", "recorded by"),
    "recorded_on": _t("记录日期", "recorded on"),
    "form": _t("表格 SHA-256", "SHA-256 of the form"),
    "remark": _t("备注", "remark"),
}
