"""How the words of the platform's scenarios act: many lines to it at once, its administration, its clock, its host."""
