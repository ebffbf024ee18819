"""The learning core: lanes beside their weight rows, broadcast, reduce tree, scalar unit, sequencer."""
