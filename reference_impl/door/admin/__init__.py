"""The admin page: one page, its style and its script, served from here; it asks the API for everything it shows."""
