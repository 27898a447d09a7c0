"""The keys of the province and everything that guards them. A key in clear never leaves this package but in memory."""
