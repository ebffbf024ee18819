"""Text for messages of one line, whatever it quotes."""

from __future__ import annotations

__all__ = ["one_line"]

_LONGEST = 1000


def one_line(text: object) -> str:
    """``text`` as a terminal may show it: no line breaks or control characters, and the middle of a long one left out.

    Messages quote what files hold, and a file may hold anything.
    """
    line = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in _shortened(str(text)))
    return _shortened(line)


def _shortened(text: str) -> str:
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} … {text[-half + 3 :]}"
