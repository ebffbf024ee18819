"""The error every data function raises when files are missing, damaged or not what they claim."""

__all__ = ["DatasetError"]


class DatasetError(ValueError):
    """A data set cannot be used. The message is one line: which file, what is wrong, what right."""
