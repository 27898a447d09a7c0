"""A platform under load: what is offered, whether that was honest, and what both ends say came of it."""
