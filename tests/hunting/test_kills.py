"""What a kill under load is said to have lost."""

from random import Random
from types import SimpleNamespace

import pytest

from rigs.flood import Reply
from steps.platform import durability
from steps.platform.durability import Killed, kill_under_load


class Line:
    def __enter__(self):
        return [self]

    def __exit__(self, *_):
        pass


def killed(monkeypatch, before, after):
    """Kill a platform that answers with these codes, before and after."""
    answers = iter([before, after])

    def show(_platform, codes):
        said = dict(zip(codes, next(answers), strict=True))
        return [Reply(place, 200, said[code], 0.0, 0.0) for place, code in enumerate(codes)]

    monkeypatch.setattr(durability, "_show", show)
    monkeypatch.setattr(durability, "dynamic_codes", lambda *_: [f"code {place}" for place in range(len(before))])
    done = []
    platform = SimpleNamespace(lines=lambda _: Line())
    found = kill_under_load(platform, ["card"], Random(1), lambda: done.append("struck"), lambda: done.append("mended"))
    assert done == ["struck", "mended"]
    return found


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (["000", "000", ""], ["406", "406"], Killed(2, 0)),
        (["000", "000", ""], ["406", "000"], Killed(2, 1)),
        (["000", "000"], ["406", "301"], Killed(2, 1)),
        (["000", "000"], ["406", "405"], Killed(1, 0)),
        (["000", "000"], ["405", "405"], Killed(0, 0)),
        (["", "500"], [], Killed(0, 0)),
    ],
)
def test_only_an_answered_use_that_is_not_known_any_more_is_lost(monkeypatch, before, after, found):
    assert killed(monkeypatch, before, after) == found
