"""Two uses of one code in one batch, both taken for the first: a look before the batch, and no second look in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from reference_impl.storage.batch import Item


def shown_twice(items: Sequence[Item]) -> list[bytes]:
    """Return the keys of tokens that more than one item would spend."""
    times = Counter(item.token_key for item in items if item.token_key is not None)
    return [token for token, count in times.items() if count > 1]


def without_token_of_twins(items: Sequence[Item], is_spent: Callable[[bytes], bool]) -> None:
    """Let only the first of the items with one unspent token spend it; the others are accepted without."""
    unspent = {token for token in shown_twice(items) if not is_spent(token)}
    met = set[bytes]()
    for item in items:
        if (token := item.token_key) in unspent and token is not None:
            if token in met:
                item.token_key = None
            met.add(token)
