"""Constraint files: what they state, and whether that is what the board's platform asks for."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import BuildError

__all__ = ["check_constraints", "statements"]

_COMMENTS = {"lpf": r"[#].*|//.*", "pcf": r"#.*", "cst": r"//.*", "xdc": r"#.*"}
_ENDED_BY_SEMICOLON = ("lpf", "cst")
_NUMBER = re.compile(r"(?<![\w.])(\d+)\.0+(?![\w.])")


def statements(text: str, suffix: str) -> list[str]:
    """The statements of a constraint file, without comments, each with single spaces and whole numbers without ``.0``.

    Parameters
    ----------
    text : the file.
    suffix : its format: lpf, pcf, cst or xdc.
    """
    text = re.sub(_COMMENTS[suffix], "", text)
    parts = text.split(";") if suffix in _ENDED_BY_SEMICOLON else text.splitlines()
    tidy = (_NUMBER.sub(r"\1", " ".join(part.split())) for part in parts)
    return [statement for statement in tidy if statement]


def check_constraints(path: Path, text: str, asked: str) -> None:
    """Compare a constraint file with what the platform would have written.

    The file may say more: placement, for example.

    Parameters
    ----------
    path : the file, for its suffix and for messages.
    text : its content.
    asked : constraints by the platform for the pins that the design uses.

    Raises
    ------
    BuildError
        If a statement of the platform is not in the file.
    """
    suffix = path.suffix[1:]
    given = set(statements(text, suffix))
    missing = [statement for statement in statements(asked, suffix) if statement not in given]
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        place = f"{path.parent.name}/{path.name}"
        raise BuildError(f"constraints/{place} does not say {missing[0]!r}{more}, as the board's platform does")
