"""What dialects ask for beside cards: a session's token, and methods that no card platform can serve.

WeChat's clients fetch a token before anything else. Reconstructed: it is the application's own name, every call being
signed anyway, so that no session is kept that could be stolen or forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reference_impl.access.scopes import NO_SCOPE
from reference_impl.door.question import Answer, Method, Question
from reference_impl.refusals import UNKNOWN_METHOD, RefusalError
from reference_impl.wire.vocabulary import APP_TOKEN, ORDER_ID, RECOGNISE_DOCUMENT

UNSERVED: Mapping[str, str] = MappingProxyType(
    {
        ORDER_ID: "orders are kept by WeChat's own platform, which a province's card platform is no part of",
        RECOGNISE_DOCUMENT: "no picture of a real document may be sent to a platform of synthetic people",
    }
)
"""Methods of the dialects that are refused on purpose, and why; they are audited as ``unknown_method``."""


def app_token(question: Question) -> Answer:
    """``ehc.session.apptoken``: what the caller says as its token from now on."""
    return Answer({"app_token": question.account.app_id})


def _refuse(question: Question) -> Answer:
    raise RefusalError(UNKNOWN_METHOD, UNSERVED[question.method])


METHODS: Mapping[str, Method] = MappingProxyType(
    {APP_TOKEN: Method(NO_SCOPE, app_token), **dict.fromkeys(UNSERVED, Method(NO_SCOPE, _refuse))}
)
