"""Business fields that are JSON text already: a dialect that sends just that text need neither read nor write it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reference_impl.wire.exchange import Biz
from reference_impl.wire.strictjson import read_object, write_object
from reference_impl.wire.texts import answer_texts


class WrittenBiz(Mapping[str, str | Sequence[str]]):
    """The fields of a JSON object, read only when somebody asks for one.

    Args:
        text: a compact JSON object of texts.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._fields: Biz | None = None

    def __getitem__(self, name: str) -> str | Sequence[str]:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> Biz:
        if self._fields is None:
            self._fields = answer_texts(read_object(self.text, "biz_content"), "biz_content")
        return self._fields


def text_of(biz: Biz) -> str:
    """Return business fields as compact JSON."""
    return biz.text if isinstance(biz, WrittenBiz) else write_object(dict(biz))
