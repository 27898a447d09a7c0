"""Every exchange that a driver's script may record has a name in both languages, and none like another's."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from reports.exchange_words import exchange_word
from rigs.drivers import datalogic, gm65, honeywell, m3y, newland, plain_line, ssi
from rigs.drivers.exchanges import Script


def names_of(driver, monkeypatch, *, answer: bytes = b"", legacy: bytes | None = None) -> list[str]:
    """Names of a driver's script, taken down without a device."""
    names: list[str] = []
    for way in ("add", "add_rate", "add_mismatch", "add_break"):
        monkeypatch.setattr(Script, way, lambda _self, name, *_rest, **_more: names.append(name))
    if driver is newland:
        monkeypatch.setattr(newland, "_legacy_information", lambda _scanner: legacy)
    scanner = SimpleNamespace(
        ask=lambda *_: answer or None, settings=dict, read_timeout_s=2.0, ready=b"", line=SimpleNamespace(baud=115200)
    )
    driver._script(scanner)
    return names


@pytest.mark.parametrize(
    ("driver", "more"),
    [
        (datalogic, {}),
        (gm65, {}),
        (honeywell, {}),
        (m3y, {}),
        (m3y, {"answer": b"version"}),
        (newland, {}),
        (newland, {"legacy": b"told"}),
        (plain_line, {}),
        (ssi, {}),
    ],
)
def test_every_name_of_a_script_is_told_in_chinese_and_stays_distinct(driver, more, monkeypatch):
    names = names_of(driver, monkeypatch, **more)
    assert len(names) == 40
    told = {name: exchange_word(name) for name in names}
    untold = [name for name, text in told.items() if re.search("[a-z]{3}", text.zh.replace("bit/s", ""))]
    assert untold == []
    assert len({text.zh for text in told.values()}) == len(set(names))
    assert all(text.en == name for name, text in told.items())


def test_a_name_no_script_gives_stands_as_recorded():
    text = exchange_word("something else, 3 times")
    assert (text.zh, text.en) == ("something else, 3 times",) * 2
