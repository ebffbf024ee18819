"""Host side of the link: frames, payloads and replies."""
