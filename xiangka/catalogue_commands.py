"""``xiangka catalogue``: what is demanded, what stands behind it, and the forms of rows done by hand."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands

_KINDS = ("terminal", "kiosk", "his", "platform", "load", "operations")


def add_catalogue(commands: Commands) -> None:
    """Add the command group."""
    actions = commands.add_parser("catalogue", help="the requirements").add_subparsers(required=True, metavar="ACTION")
    every = actions.add_parser("list", help="every requirement, or all there is to say of those named")
    every.add_argument("ids", nargs="*", metavar="ID")
    every.set_defaults(command=_list)
    coverage = actions.add_parser("coverage", help="what stands behind each requirement: scenario, defects, form")
    coverage.add_argument("--kind", choices=_KINDS, metavar="|".join(_KINDS), help="of one kind of subject")
    coverage.add_argument("--check", action="store_true", help="end with 1 where something is missing")
    coverage.set_defaults(command=_coverage)
    form = actions.add_parser("form", help="write the procedure and the form of a row done by hand")
    form.add_argument("id", metavar="ID")
    form.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file; must not be there yet")
    form.set_defaults(command=_form)
    export = actions.add_parser("export", help="write the whole catalogue as one file, as a run keeps it")
    export.add_argument("--out", type=Path, metavar="F", help="the file; default: standard output")
    export.set_defaults(command=_export)


def _list(options: argparse.Namespace) -> int:
    from xiangka import catalogue_lists

    return catalogue_lists.details(options.ids) if options.ids else catalogue_lists.everything()


def _coverage(options: argparse.Namespace) -> int:
    from certification.catalogue import SubjectKind
    from xiangka.coverage import show_coverage

    return show_coverage(None if options.kind is None else SubjectKind(options.kind), check=options.check)


def _form(options: argparse.Namespace) -> int:
    from xiangka.form_text import write_form

    write_form(options.id, options.out)
    print(f"已写入 written: {options.out}")
    return 0


def _export(options: argparse.Namespace) -> int:
    from xiangka.catalogue_export import export_catalogue

    export_catalogue(options.out)
    return 0
