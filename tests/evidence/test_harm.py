"""Whatever is done to a run, its twin or a ZIP of them is noticed: by day at some places, at every byte by night."""

import io
from random import Random
from zipfile import ZipFile

import pytest

from evidence.bundle import write_bundle
from evidence.chain import Chain
from evidence.manifest import parsed_manifest
from evidence.twin import TwinFiles
from tests.evidence.harm import (
    WITHIN,
    HeldFiles,
    first_finding,
    first_in_zip,
    flipped,
    flips,
    harmed,
    unsigned_by_the_last,
)
from tests.evidence.remembered import remembered
from tests.evidence.sealed_runs import NAME, REPORT, add_report, make_run, read_all, seal, sign_run

MASKS = (0x01, 0x20, 0x80, 0xFF)


@pytest.fixture(scope="module")
def forms(signed_run, signers, tmp_path_factory):
    """The full run and its twin, each with another run of the same signers."""
    name = "20260303-080000-specimen"
    other = seal(make_run(tmp_path_factory.mktemp("other") / "run", records=7, name=name), name)
    add_report(sign_run(other, *signers.both, name=name), *signers.both, run=name)
    full, others = read_all(signed_run), read_all(other)
    return {"full": (full, others), "twin": (twin_of(full), twin_of(others))}


def twin_of(files):
    twin = TwinFiles(HeldFiles(files), parsed_manifest(files["manifest.json"]))
    return {name: b"".join(twin.pieces(name)) for name in twin.names}


@pytest.fixture(scope="module")
def bundles(forms, tmp_path_factory):
    """Our ZIP and another program's of the full run, and our ZIP of the twin."""
    folder = tmp_path_factory.mktemp("bundles")
    for form, (files, _) in forms.items():
        write_bundle(folder / f"{form}.zip", files, lambda name, files=files: iter((files[name],)))
    with ZipFile(folder / "foreign.zip", "w") as archive:
        for name, data in forms["full"][0].items():
            archive.writestr(name, data)
    return {path.stem: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("form", ["full", "twin"])
def test_nothing_is_found_where_nothing_was_done(form, forms, bundles, signers):
    assert first_finding(forms[form][0], signers.centre) is None
    assert first_in_zip(bundles[form], signers.centre) is None
    assert first_in_zip(bundles["foreign"], signers.centre) is None


@pytest.mark.parametrize("form", ["full", "twin"])
def test_changed_bytes_are_found_in_every_file(form, forms, signers):
    files, _ = forms[form]
    for name, data in files.items():
        for turn, place in enumerate({0, len(data) // 3, 2 * len(data) // 3, len(data) - 1}):
            changed = {**files, name: flipped(data, place, MASKS[turn % len(MASKS)])}
            assert first_finding(changed, signers.centre) is not None, (name, place)


def test_a_signature_taken_away_is_found_under_the_run_and_under_its_report(forms, signers):
    files, _ = forms["full"]
    signed = [name for name in files if name.endswith(".sig")]
    assert sorted(signed) == ["manifest.sig", f"{REPORT}.sig"]
    for name in signed:
        finding = first_finding({**files, name: unsigned_by_the_last(files[name])}, signers.centre)
        assert (finding.where, finding.what) == (name, "bears no signature of the authoriser")


@pytest.mark.nightly
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("form", ["full", "twin"])
def test_every_changed_byte_is_found(form, mask, forms, signers):
    files, _ = forms[form]
    with remembered(files):
        missed = [
            (name, place)
            for name, data in files.items()
            for place, _, changed in flips(data, (mask,))
            if first_finding({**files, name: changed}, signers.centre) is None
        ]
    assert missed == []


def test_what_is_remembered_is_only_what_was_not_changed(forms, signers):
    files, _ = forms["full"]
    with remembered(files):
        assert first_finding(files, signers.centre) is None
        for name, data in files.items():
            assert first_finding({**files, name: flipped(data, len(data) // 2, 1)}, signers.centre) is not None, name
            assert first_finding(files, signers.centre) is None


@pytest.mark.parametrize("form", ["full", "twin"])
@pytest.mark.parametrize(
    ("step", "masks"), [(11, MASKS[:1]), pytest.param(1, MASKS, marks=pytest.mark.nightly)], ids=["some", "every"]
)
def test_changed_bytes_of_a_bundle_are_found(form, step, masks, bundles, signers):
    archive = bundles[form]
    missed = [
        (place, mask)
        for place in range(0, len(archive), step)
        for mask in masks
        if first_in_zip(flipped(archive, place, mask), signers.centre) is None
    ]
    assert missed == []


@pytest.mark.nightly
def test_another_programs_zip_with_a_changed_byte_is_refused_or_holds_the_very_same_files(forms, bundles, signers):
    files, _ = forms["full"]
    for place, _, changed in flips(bundles["foreign"], MASKS[:1]):
        if first_in_zip(changed, signers.centre) is None:
            with ZipFile(io.BytesIO(changed)) as archive:
                assert {name: archive.read(name) for name in archive.namelist()} == files, place


@pytest.mark.parametrize("form", ["full", "twin"])
@pytest.mark.parametrize("times", [40, pytest.param(1000, marks=pytest.mark.nightly)])
def test_random_harm_is_found(form, times, forms, signers):
    chance = Random(times)
    unnoticed = []
    for _ in range(times):
        done, changed = harmed(chance, *forms[form])
        if first_finding(changed, signers.centre) is None:
            unnoticed.append(done)
    assert unnoticed == []


@pytest.mark.parametrize("form", ["full", "twin"])
@pytest.mark.parametrize("times", [100, pytest.param(1000, marks=pytest.mark.nightly)])
def test_random_harm_to_a_bundle_is_found(form, times, bundles, signers):
    chance, archive = Random(times), bundles[form]
    for _ in range(times):
        changed = chance.choice(WITHIN)(chance, archive)
        assert changed == archive or first_in_zip(changed, signers.centre) is not None


def test_a_twin_whose_chain_was_written_anew_is_found(forms, signers):
    files, _ = forms["twin"]
    chain = Chain("observations.jsonl", run=NAME)
    forged = "".join(chain.line({"requirement": "EHC-TRM-001", "value": "exact"}) for _ in range(3)).encode()
    finding = first_finding({**files, "observations.redacted.jsonl": forged}, signers.centre)
    assert (finding.where, finding.what) == ("observations.redacted.jsonl", "has its 3 records, but others")
