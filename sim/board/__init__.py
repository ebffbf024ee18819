"""The simulated board: the core as compiled C++ behind the bytes, or the pins, that a real board has."""
