"""The driver: boards of every kind, trainings on them, checkpoints and comparisons."""
