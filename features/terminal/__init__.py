"""Scenarios for code terminals (识读终端)."""
