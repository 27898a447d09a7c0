"""Scenarios of a card platform under load, and the module that hands them to pytest."""
