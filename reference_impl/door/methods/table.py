"""Every method of the gateway but verification, which takes the fast path."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reference_impl.door.methods import cards, codes, links, organisations, sharing, usage
from reference_impl.door.question import Method

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        **cards.METHODS,
        **codes.METHODS,
        **links.METHODS,
        **organisations.METHODS,
        **sharing.METHODS,
        **usage.METHODS,
    }
)
