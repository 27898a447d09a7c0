"""A root in a file, and its replacement in place whatever interrupts it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from reference_impl.errors import PlatformError
from reference_impl.keys.key_file import next_file, read_key_file
from reference_impl.keys.keyring import open_keyring
from reference_impl.keys.province import create_keys, replace_root
from reference_impl.keys.root import FileRoot


def test_a_key_wrapped_for_a_place_opens_there_only(root, random):
    wrapped = root.wrap(b"k" * 32, "keys/province//1", random)
    assert root.unwrap(wrapped, "keys/province//1") == b"k" * 32
    with pytest.raises(PlatformError, match="does not open"):
        root.unwrap(wrapped, "keys/province//2")


def test_another_root_is_told_by_its_mark(root, random, tmp_path):
    other = FileRoot.create(tmp_path / "other.key", random)
    wrapped = root.wrap(b"k" * 32, "place", random)
    with pytest.raises(PlatformError, match=f"wrapped by the root {root.mark.hex()}, not by this one") as caught:
        other.unwrap(wrapped, "place")
    assert "other.key" in caught.value.where


def test_the_key_is_in_no_description(root, tmp_path):
    key = read_key_file(tmp_path / "root.key")
    assert root.mark.hex() in root.describe()
    assert key.hex() not in root.describe() + repr(root)
    assert root.mark not in key


def test_a_file_that_is_there_is_not_made_anew(root, random, tmp_path):
    assert FileRoot.create(tmp_path / "root.key", random).mark == root.mark


@pytest.mark.parametrize("spoil", ["mode", "length", "missing"])
def test_a_file_that_is_no_key_is_refused(spoil, root, tmp_path):
    path = tmp_path / "root.key"
    match spoil:
        case "mode":
            path.chmod(0o640)
        case "length":
            path.write_bytes(b"short")
        case "missing":
            path.unlink()
    with pytest.raises(PlatformError):
        FileRoot(path)


@pytest.fixture
def filled(engine, root, random, now_ms):
    """A database whose keys are committed."""
    with engine.begin() as connection:
        create_keys(connection, root, random, now_ms)
    return engine


def test_a_replacement_cut_short_before_its_commit_changes_nothing(filled, root, random, tmp_path, now_ms):
    path = tmp_path / "root.key"
    with filled.connect() as connection:
        transaction = connection.begin()
        replace_root(connection, root, FileRoot(path).stage_successor(random), random, now_ms)
        transaction.rollback()
    with filled.begin() as connection:
        assert open_keyring(connection, FileRoot(path), now_ms).card_id
    assert next_file(path).exists()


def test_a_replacement_cut_short_after_its_commit_is_ended_by_whoever_opens_next(
    filled, root, random, tmp_path, now_ms
):
    path = tmp_path / "root.key"
    of_another_worker, old = FileRoot(path), root.mark
    with filled.begin() as connection:
        before = open_keyring(connection, root, now_ms)
        replace_root(connection, root, FileRoot(path).stage_successor(random), random, now_ms)
    assert FileRoot(path).mark == old
    for follower in (FileRoot(path), of_another_worker, root):
        with filled.begin() as connection:
            assert open_keyring(connection, follower, now_ms).card_id == before.card_id
        assert not next_file(path).exists()
        assert follower.mark == FileRoot(path).mark != old


def test_workers_that_follow_at_once_all_arrive(root, random, tmp_path):
    path = tmp_path / "root.key"
    for _ in range(20):
        successor = FileRoot(path).stage_successor(random)
        wrapped = successor.wrap(b"k" * 32, "place", random)
        workers = [FileRoot(path) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(FileRoot.unwrap, workers, [wrapped] * 8, ["place"] * 8)) == {b"k" * 32}
        assert FileRoot(path).mark == successor.mark


def test_a_successor_that_waits_is_kept(root, random, tmp_path):
    path = tmp_path / "root.key"
    assert FileRoot(path).stage_successor(random).mark == FileRoot(path).stage_successor(random).mark != root.mark


def test_a_successor_that_others_may_read_is_not_put_in_place(root, random, tmp_path):
    path = tmp_path / "root.key"
    wrapped = root.stage_successor(random).wrap(b"k" * 32, "place", random)
    next_file(path).chmod(0o644)
    with pytest.raises(PlatformError, match="mode 0644"):
        root.unwrap(wrapped, "place")
    assert FileRoot(path).mark == root.mark


def test_a_successor_of_another_database_is_left_alone(filled, root, random, tmp_path, now_ms):
    path, foreign = tmp_path / "root.key", FileRoot.create(tmp_path / "foreign.key", random)
    FileRoot(path).stage_successor(random)
    with pytest.raises(PlatformError, match="not by this one"):
        root.unwrap(foreign.wrap(b"k" * 32, "place", random), "place")
    assert next_file(path).exists()
    with filled.begin() as connection:
        assert open_keyring(connection, root, now_ms).card_id
