"""The link: bytes from the host become actions of the core, and its results become bytes again."""
