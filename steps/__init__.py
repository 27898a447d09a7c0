"""How the words of the scenarios act: each step calls a role and records observations.

Every step has an English and a Chinese sentence. Verdicts are not decided here.
"""
