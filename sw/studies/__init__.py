"""Studies: many trainings from one file, spread over cores and machines, and what comes of them."""
