"""Who may speak to the platform: institutions, applications, terminals, their standing, scopes and limits."""
