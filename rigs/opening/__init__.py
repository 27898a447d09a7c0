"""Opens the roles of a bench, a module for each kind: from a table of the bench file to something a step can ask."""
