"""Learning rules as programs for the core."""
