"""``xiangka bench check``: opens every role of a bench and says what answers."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rigs.bench import Bench, EmulationOptions
from rigs.bench_file import load_bench
from rigs.journal import Journal


def check_bench(file: Path) -> int:
    """Check a bench file and what it names; returns the exit code.

    Raises:
        BenchFileError: the file is wrong.
        RigError: a part is absent, busy or silent.
    """
    bench_file = load_bench(file)
    console = Console()
    with (
        tempfile.TemporaryDirectory() as state,
        Bench(bench_file, Journal(None), EmulationOptions(Path(state))) as bench,
    ):
        identity = bench.identify()
        table = Table(title=escape(bench_file.name), title_justify="left", show_header=False)
        table.add_row("presenter", bench_file.presenter.driver)
        table.add_row("scanner", escape(f"{bench_file.scanner.driver} {bench.scanner.line.url}"))
        for name in identity.__slots__:
            table.add_row(f"  {name}", escape(getattr(identity, name) or "— (not told; add it to [scanner.label])"))
        table.add_row("keyboard", "—" if bench_file.keyboard is None else bench_file.keyboard.driver)
        table.add_row("power", f"{bench.power.current_a():.3f} A" if bench.power is not None else "—")
        table.add_row("platform", escape(bench_file.platform.url or "reference platform"))
        table.add_row("counts as", "emulated: certifies nothing" if bench_file.emulated else "hardware")
        console.print(table)
    return 0
