"""What hardware, golden model and driver agree on: plain Python that imports nothing else of ours."""
