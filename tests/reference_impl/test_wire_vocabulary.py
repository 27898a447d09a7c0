"""The words of a dialect are one to one with the neutral ones."""

import hashlib
import json
from random import Random

import pytest

from reference_impl.wire.exchange import Credentials
from reference_impl.wire.vocabulary import (
    Vocabulary,
)

NOW = 1_800_000_000_000
SECRET = "0123456789abcdefghij"
CREDENTIALS = Credentials("app-1", SECRET, "T01")
RANDOM = Random(3)
BIZ = {"ehealth_code": "x:1", "name": "张三"}


def sm3(text):
    return hashlib.new("sm3", text.encode()).hexdigest().upper()


def canonical(document):
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def test_a_table_of_words_that_is_not_one_to_one_is_refused():
    for tables in (
        {"methods": {"a": "x", "b": "x"}},
        {"methods": {}, "fields": {"a": "x", "b": "x"}},
        {"methods": {"a": "x"}, "synonyms": {"x": "b"}},
        {"methods": {}, "fields": {"a": "x"}, "field_synonyms": {"x": "b"}},
    ):
        with pytest.raises(ValueError, match=r"."):
            Vocabulary(**tables)
