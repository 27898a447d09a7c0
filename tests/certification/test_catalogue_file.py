"""A catalogue written to a file and read back is the same, and one that is none is refused by name."""

import json

import pytest

from certification.catalogue import VERSION, load_catalogue
from certification.catalogue_file import catalogue_digest, catalogue_text, read_catalogue
from certification.errors import PlanError


@pytest.fixture(scope="module")
def text():
    return catalogue_text(load_catalogue())


def test_every_requirement_comes_back_as_it_was_and_is_written_the_same_way_again(text, tmp_path):
    file = tmp_path / "catalogue.json"
    file.write_text(text, encoding="utf-8")
    read = read_catalogue(file)
    assert read.version == VERSION
    assert list(read.catalogue.items()) == list(load_catalogue().items())
    assert catalogue_text(read.catalogue, read.version) == text
    assert catalogue_digest(read.catalogue) == catalogue_digest(load_catalogue())


def limited(document):
    """The first clause with an upper limit."""
    return next(clause for row in document["requirements"] for clause in row["criterion"] if "at_most" in clause)


def spoilt(text, harm):
    document = json.loads(text)
    harm(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda d: d.update(schema=2), "has schema 2"),
        (lambda d: d["requirements"][0].update(level="MAY"), "requirements.0.level"),
        (lambda d: d["requirements"][0].update(colour="red"), "requirements.0.colour"),
        (lambda d: d["requirements"].append(d["requirements"][0]), "stands twice"),
        (lambda d: d.pop("version"), "version"),
        (lambda d: d["requirements"][0].update(applies_if="ble"), "'ble', which no statement of a terminal has"),
        (lambda d: d["requirements"][0]["criterion"][0].update(only_if="ble"), "'ble', which no statement"),
        (lambda d: limited(d).update(at_most=float("nan")), "finite"),
        (lambda d: limited(d).update(at_most=float("inf")), "finite"),
    ],
)
def test_what_is_no_catalogue_is_refused_by_field(text, tmp_path, harm, said):
    file = tmp_path / "changed.json"
    file.write_text(spoilt(text, harm), encoding="utf-8")
    with pytest.raises(PlanError, match=said) as refused:
        read_catalogue(file)
    assert refused.value.where == str(file)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b'{"schema": 1'])
def test_what_is_no_json_object_is_refused(tmp_path, content):
    file = tmp_path / "changed.json"
    file.write_bytes(content)
    with pytest.raises(PlanError):
        read_catalogue(file)
    with pytest.raises(PlanError, match="no such file"):
        read_catalogue(tmp_path / "absent.json")
