"""Float references of the learning rules, after their papers: they say whether a result is good."""
