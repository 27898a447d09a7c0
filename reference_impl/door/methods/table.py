"""Every method of the gateway but verification, which takes the fast path."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reference_impl.door.methods import (
    batches,
    cards,
    codes,
    links,
    organisations,
    primary_care_actions,
    primary_care_lists,
    reported_use,
    sessions,
    sharing,
)
from reference_impl.door.question import Method

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        **batches.METHODS,
        **cards.METHODS,
        **codes.METHODS,
        **links.METHODS,
        **organisations.METHODS,
        **primary_care_actions.METHODS,
        **primary_care_lists.METHODS,
        **reported_use.METHODS,
        **sessions.METHODS,
        **sharing.METHODS,
    }
)
