"""Hostile input: parsers, the core's link and trainings under what should never happen to them."""
