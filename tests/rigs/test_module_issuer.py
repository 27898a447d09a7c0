"""A platform that is wrong about terminal modules is the bench's fault, found before any module is asked."""

from __future__ import annotations

import pytest

from rigs.errors import RigError
from rigs.module_issuer import ModuleIssuer
from tests.rigs.module_platform import Platform, told


def test_a_sound_platform_proves_itself():
    ModuleIssuer(Platform(), "app").prove_itself("439900T01")


@pytest.mark.parametrize(
    ("end", "change", "said"),
    [
        ("/proof", lambda _: told({"state": "keyed"}), "wrong ones for right"),
        ("/proof", lambda _: told({"code": "bad_proof"}, 409), "right proofs"),
        ("/proof", lambda _: told({"code": "rate_limited"}, 429), "answered 429"),
        ("/terminal-modules", lambda _: told({"code": "bad_proof"}, 409), "does not believe"),
        ("/wipe", lambda a: told({**a.content, "signature": "11" * 64}), "order to wipe"),
        ("/key", lambda a: told({**a.content, "version": 9}), "does not come from the platform"),
        ("/challenges", lambda _: told({}, 500), "answered 500"),
        ("/challenges", lambda _: told({"challenge": "no hex"}), "left out of an answer"),
        ("/key", lambda _: told({"serial": "x"}), "left out of an answer"),
    ],
)
def test_a_platform_that_is_wrong_is_the_benchs_fault(end, change, said):
    with pytest.raises(RigError, match=said):
        ModuleIssuer(Platform({end: change}), "app").prove_itself("439900T01")
