"""Measuring and supplying instruments of the bench, spoken to through VISA. No device under test, no verdict."""
