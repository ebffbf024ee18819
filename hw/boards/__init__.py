"""Boards: what surrounds the core on real parts, and the way from a configuration to a bitstream."""
