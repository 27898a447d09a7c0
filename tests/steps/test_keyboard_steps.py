"""Who is blamed when nothing is typed: a device that did not read what could be seen, or the surface that showed it."""

from __future__ import annotations

import random
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from certification.catalogue import load_catalogue
from fixtures.card_codes import static_code
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.readings import Outcome
from rigs.roles import Keystrokes
from steps import keyboard
from steps.sampling import Sampler, Trial

KEYS = load_catalogue()["EHC-TRM-018"]
SILENCE_S = 1.0
TRIAL = Trial(Stimulus((Symbol(static_code(random.Random(1)).encode()),)))
FRAME = SimpleNamespace(reference_reads=(b"read",), stimulus=TRIAL.stimulus)


class Keys:
    """A keyboard on which nothing is typed; it counts how often what came meanwhile was dropped."""

    def __init__(self) -> None:
        self.dropped = 0

    def become(self, state: object, lag_s: float) -> None:
        """Any host will do."""

    def line(self, ending: str, quiet_s: float) -> Keystrokes:
        del ending, quiet_s
        return Keystrokes("", (), None)

    def keystrokes(self, timeout_s: float) -> Keystrokes:
        self.dropped += timeout_s == SILENCE_S
        return Keystrokes("", (), None)

    def close(self) -> None:
        """Nothing to let go of."""


@pytest.mark.parametrize(
    ("witness", "said"),
    [
        (None, ("read", "no_read")),
        (SimpleNamespace(cannot_see=lambda *_: None), ("read", "no_read")),
        (SimpleNamespace(cannot_see=lambda *_: object()), ("stimulus", "not_seen")),
    ],
)
def test_an_unread_code_is_the_devices_only_where_the_camera_sees_it(witness, said, monkeypatch) -> None:
    observations = []
    keys = Keys()
    bench = MagicMock(silence_s=SILENCE_S, file=SimpleNamespace(keyboard=None), open_keyboard=lambda: keys)
    bench.scanner.delivery.return_value = None
    unread = MagicMock(outcome=Outcome.NO_READ, journal=(1, 1), shown=SimpleNamespace(t_ns=0))
    run = SimpleNamespace(
        evidence=SimpleNamespace(
            add=observations.append, of=lambda _: observations, keep_picture=lambda *_, **__: None
        ),
        subject=SimpleNamespace(yes_options=("keyboard_link",)),
        bench=bench,
        witness=witness,
        station=SimpleNamespace(read=lambda *_: unread),
        progress=lambda *_: None,
    )
    sampler = Sampler(run, KEYS)
    sampler.prepared = lambda _trials: iter([(TRIAL, FRAME)])
    monkeypatch.setattr(keyboard, "make_sure_it_types", lambda *_: None)
    keyboard.type_on_every_host(sampler, random.Random(1))
    assert (observations[0].measure, observations[0].value) == said
    assert {one.cell["layout"] for one in observations} == {"en-US"}
    assert keys.dropped == (witness is not None)
