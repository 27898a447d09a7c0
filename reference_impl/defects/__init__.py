"""Deliberate defects of the platform, each a part of a sound one exchanged before it serves.

A defect names the requirements it must make fail. The tests run each and demand FAIL on exactly those and PASS
everywhere else: this is how the harness itself is tested. The platform's other rooms know nothing of this one.
"""
