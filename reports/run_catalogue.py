"""The catalogue a run was judged by, as its folder keeps it: criteria are told as they stood then."""

from __future__ import annotations

from certification.catalogue import VERSION, load_catalogue
from certification.catalogue_file import CATALOGUE, CatalogueFile, read_catalogue
from certification.errors import PlanError
from reports.errors import ReportError
from reports.run_folder import RunFolder


def run_catalogue(folder: RunFolder) -> CatalogueFile:
    """The catalogue of a run; of one that kept none, the catalogue of this version.

    Raises:
        ReportError: what the folder keeps cannot be read.
    """
    file = folder.path / CATALOGUE
    if not file.is_file():
        return CatalogueFile(version=VERSION, requirements=tuple(load_catalogue().values()))
    try:
        return read_catalogue(file)
    except PlanError as error:
        raise ReportError(error.what, where=error.where, remedy=error.remedy) from error
