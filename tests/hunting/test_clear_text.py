from __future__ import annotations

import base64

import pytest

from evidence.spellings import forms
from rigs.clear_text import found_in_clear

NUMBER = "439900199001010016"
NAMES = {f"{place}": f"439900199001{place:06d}" for place in range(500)} | {"it": NUMBER}


@pytest.mark.parametrize("form", sorted(forms(NUMBER)))
def test_every_form_is_found_wherever_it_stands(form, tmp_path):
    for place, written in enumerate(forms(NUMBER)[form]):
        file = tmp_path / f"{place}"
        file.write_bytes(bytes(range(256)) * 40 + written + b"\xff" * place)
        assert list(found_in_clear(NAMES, [file])) == ["it"]


@pytest.mark.parametrize("before", range(5))
def test_base64_is_found_whatever_stands_before_and_after_it(before, tmp_path):
    file = tmp_path / "log"
    file.write_bytes(base64.b64encode(b"x" * before + NUMBER.encode() + b"yz"))
    assert found_in_clear({"it": NUMBER}, [file]) == {"it": ("base64", "log")}


def test_what_is_not_there_is_not_found(tmp_path):
    file, empty = tmp_path / "data", tmp_path / "empty"
    file.write_bytes(b"439900199001010017" * 1000)
    empty.write_bytes(b"")
    assert found_in_clear({"it": NUMBER}, [file, empty]) == {}
