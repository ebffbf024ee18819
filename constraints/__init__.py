"""Constraint files of the boards: pins, IO standards, clocks, placement. ``onward build`` uses them as they are."""
