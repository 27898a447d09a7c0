"""What the platform writes down: audit, usage, statistics, shared records, the link to the national platform."""
