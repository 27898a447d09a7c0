"""A root that was made before and is not there is missed; nobody makes another in its place."""

from dataclasses import replace
from functools import partial

import pytest

from reference_impl.door.opening import open_root
from reference_impl.door.options import PlatformOptions
from reference_impl.errors import PlatformError
from reference_impl.keys.hsm_root import HsmRoot, _session
from reference_impl.platform import KEY_FILE, close_now, open_platform


def test_a_lost_key_file_is_named_and_not_made_anew(tmp_path):
    close_now(open_platform(tmp_path))
    kept = (tmp_path / KEY_FILE).read_bytes()
    (tmp_path / KEY_FILE).unlink()
    for root in (None, partial(open_root, PlatformOptions(tmp_path))):
        with pytest.raises(PlatformError, match="cannot be read") as caught:
            open_platform(tmp_path, root=root)
        assert caught.value.where == str(tmp_path / KEY_FILE)
        assert "restore the key file" in caught.value.remedy
        assert not (tmp_path / KEY_FILE).exists()
    (tmp_path / KEY_FILE).write_bytes(kept)
    (tmp_path / KEY_FILE).chmod(0o600)
    close_now(open_platform(tmp_path))


def keys_in(place):
    with _session(place, rw=False) as session:
        return sum(1 for _ in session.get_objects())


def test_a_key_that_is_not_in_the_token_is_named_and_not_made_anew(tmp_path, hsm_place):
    place = replace(hsm_place, key="of-this-platform")
    close_now(open_platform(tmp_path, root=partial(open_root, PlatformOptions(tmp_path, hsm=place))))
    before = keys_in(place)
    other = PlatformOptions(tmp_path, hsm=replace(place, key="of-none"))
    with pytest.raises(PlatformError, match="holds no key of-none"):
        open_platform(tmp_path, root=partial(open_root, other))
    assert keys_in(place) == before
    assert not (tmp_path / KEY_FILE).exists()
    close_now(open_platform(tmp_path, root=partial(open_root, PlatformOptions(tmp_path, hsm=place))))


def test_a_key_of_the_same_label_in_another_token_is_told_by_its_mark(tmp_path, hsm_place, random):
    place, foreign = replace(hsm_place, key="made-here"), replace(hsm_place, key="made-elsewhere")
    close_now(open_platform(tmp_path, root=partial(open_root, PlatformOptions(tmp_path, hsm=place))))
    mark = HsmRoot.create(foreign, random).mark
    assert mark != HsmRoot(place).mark
    with pytest.raises(PlatformError, match=f"wrapped by the root {HsmRoot(place).mark.hex()}, not by this one"):
        open_platform(tmp_path, root=partial(open_root, PlatformOptions(tmp_path, hsm=foreign)))


def test_a_first_start_that_was_cut_short_goes_on_with_the_key_it_made(tmp_path):
    close_now(open_platform(tmp_path))
    kept = (tmp_path / KEY_FILE).read_bytes()
    for left in tmp_path.glob("platform.sqlite*"):
        left.unlink()
    close_now(open_platform(tmp_path))
    assert (tmp_path / KEY_FILE).read_bytes() == kept
