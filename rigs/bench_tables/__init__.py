"""The tables of a bench file, a module for each kind of role."""
