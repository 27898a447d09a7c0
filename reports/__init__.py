"""A run told to people: what ``certification`` decided, as pages to read, print and hand on. Decides nothing itself."""
