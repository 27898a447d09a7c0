"""Scenarios for card platforms (卡管平台)."""
