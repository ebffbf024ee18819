"""Software: programs, golden model, float references, data, host driver and commands."""
