"""Publishing into a folder that is there for good: a link, a disk's own folder, beside files of others, cut short."""

import errno
from pathlib import Path

import pytest

from certification.certificates import Act
from certification.errors import PlanError
from register.acting import issue, set_standing
from register.listing import LISTING, read_listing
from register.publishing import export

pytestmark = pytest.mark.usefixtures("quickly_set")


@pytest.fixture
def issued(book, runs, hand):
    return issue(book, runs(), hand()).certificate.number


def standing(folder, authoriser, hand, number):
    return read_listing(folder, authoriser.centre, hand().now).certificates[number].standing(hand().day)


def test_files_of_others_stay_and_the_folder_is_the_same(book, issued, authoriser, hand, tmp_path):
    """A mounted disk, or a folder a web server holds open, can be neither renamed nor exchanged."""
    folder = tmp_path / "www"
    (folder / "lost+found").mkdir(parents=True)
    before = folder.stat().st_ino
    export(book, folder, authoriser, hand().now)
    (folder / "robots.txt").write_text("of others")
    (folder / "c" / "notes.txt").write_text("of others")
    set_standing(book, Act.SUSPEND, issued, hand())
    export(book, folder, authoriser, hand().now)
    assert standing(folder, authoriser, hand, issued) == "suspended"
    assert "已暂停" in (folder / "c" / issued / "index.html").read_text()
    assert [(folder / name).read_text() for name in ("robots.txt", "c/notes.txt")] == ["of others"] * 2
    assert folder.stat().st_ino == before
    assert [one.name for one in tmp_path.iterdir() if one.is_dir()] == ["www"]
    assert [one.name for one in folder.iterdir() if one.name.startswith(".")] == []


def test_a_link_to_a_folder_is_followed(book, issued, authoriser, hand, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    export(book, tmp_path / "link", authoriser, hand().now)
    assert (tmp_path / "link").is_symlink()
    assert standing(tmp_path / "disk", authoriser, hand, issued) == "valid"


def test_a_full_disk_leaves_the_listing_before(book, issued, authoriser, hand, tmp_path, monkeypatch):
    export(book, tmp_path / "www", authoriser, hand().now)
    before = {path: path.read_bytes() for path in (tmp_path / "www").rglob("*") if path.is_file()}
    set_standing(book, Act.SUSPEND, issued, hand())
    with monkeypatch.context() as patch:
        _no_room_after(patch, 3)
        with pytest.raises(PlanError, match="No space left"):
            export(book, tmp_path / "www", authoriser, hand().now)
    assert {path: path.read_bytes() for path in (tmp_path / "www").rglob("*") if path.is_file()} == before


def test_an_export_that_was_cut_short_is_made_up(book, issued, authoriser, hand, tmp_path, monkeypatch):
    real, moved = Path.replace, []

    def replace(source, target):
        if ".listing.part" not in str(target):
            moved.append(target.name)
            if len(moved) > 2:
                raise OSError(errno.EIO, "Input/output error")
        return real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(PlanError, match="Input/output error"):
            export(book, tmp_path / "www", authoriser, hand().now)
    assert not (tmp_path / "www" / LISTING).exists()
    export(book, tmp_path / "www", authoriser, hand().now)
    assert standing(tmp_path / "www", authoriser, hand, issued) == "valid"


def _no_room_after(patch, files):
    real, opened = Path.open, []

    def no_room(path, *how, **more):
        opened.extend([path] if ".listing.part" in str(path) else [])
        if len(opened) > files:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, *how, **more)

    patch.setattr(Path, "open", no_room)
