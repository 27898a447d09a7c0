"""The command line: puts the rooms together into runs. Nothing is measured, judged or told here."""

__version__ = "0.1.0"
