"""Deliberate defects of the emulated terminal, each a small change of a sound part.

A defect names the requirements it must make fail. The tests run each and demand FAIL on exactly those and PASS
everywhere else: this is how the harness itself is tested. Each module holds the defects of one theme.
"""
