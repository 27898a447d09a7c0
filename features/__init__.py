"""What is demanded, in Gherkin: one folder per kind of subject, each scenario tagged with its requirement."""
