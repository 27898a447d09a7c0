"""Where the platform keeps things: schema, migrations, engines, and the one way to write durably."""
