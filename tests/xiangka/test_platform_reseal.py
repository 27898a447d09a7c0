"""``xiangka platform reseal`` after a rotation, and the mistakes of what ties a platform to the national one."""

import time
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest

from reference_impl.keys.life_cycle import revoke, rotate
from reference_impl.platform import close_now, open_platform
from reference_impl.refusals import RefusalError
from xiangka.cli import main


def xiangka(*arguments):
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as errors:
        code = main(["platform", *map(str, arguments)])
    return code, out.getvalue(), errors.getvalue()


def changed(data, change, *arguments):
    """Change a key of a platform that nobody serves."""
    platform = open_platform(data)
    now, random, root = int(time.time() * 1000), platform.parts.random, platform.memory.root
    try:
        platform.run(lambda connection: change(connection, root, "person-data", *arguments, now, random))
    finally:
        close_now(platform)


def test_values_are_sealed_anew_and_the_old_key_may_go(tmp_path):
    data = tmp_path / "data"
    assert xiangka("init", "--data", data)[0] == 0
    assert xiangka("seed", "--data", data, "--cards", 600)[0] == 0
    changed(data, rotate, 0)
    with pytest.raises(RefusalError, match="key_in_use"):
        changed(data, revoke, 1)
    assert xiangka("reseal", "--data", data) == (0, "600 values sealed anew\n", "")
    assert xiangka("reseal", "--data", data) == (0, "0 values sealed anew\n", "")
    changed(data, revoke, 1)
    assert xiangka("audit", "--data", data)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("serve", "--national", "nowhere"), "no address of a national platform"),
        (("national-stand-in",), "there is no platform in this folder"),
        (("reseal", "--database", "mysql://x/y"), "the database cannot be opened"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path, arguments, told):
    code, out, errors = xiangka(*arguments, "--data", tmp_path / "data")
    assert (code, out, len(errors.splitlines())) == (3, "", 1)
    assert told in errors


@pytest.mark.parametrize("content", [None, "no JSON", '[{"card_id": 1}]'])
def test_cards_that_cannot_be_read(tmp_path, content):
    data, cards = tmp_path / "data", tmp_path / "cards.json"
    assert xiangka("init", "--data", data)[0] == 0
    if content is not None:
        cards.write_text(content)
    code, out, errors = xiangka("national-stand-in", "--data", data, "--cards", cards, "--port", "0")
    assert (code, out) == (3, "")
    assert "the cards of other provinces cannot be read" in errors
