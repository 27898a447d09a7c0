"""The steps by which the tables came to be, one a module, in the order of their names."""
