"""The core for small devices: the same programs and results as :mod:`onward.hw.core`, in a fraction of the logic."""
