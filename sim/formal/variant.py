"""The gateware as it is, or with one known fault."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["Mutant", "MutantError", "Variant"]


class MutantError(ValueError):
    """A mutant that cannot be made of the present source; the message says which, and why."""


@dataclass(frozen=True)
class Mutant:
    """A fault in one module of the gateware, made by changing its source.

    Parameters
    ----------
    name : what is wrong with it, in a few words.
    module : full name of the module.
    old : piece of its source, found there exactly once.
    new : what takes its place.
    """

    name: str
    module: str
    old: str
    new: str


class Variant:
    """Loads modules of the gateware for one run of a proof.

    Every module comes as a copy of its own, so that a proof may put a free stand-in where the module expects a part,
    and nothing else in this process sees it.

    Parameters
    ----------
    mutant : the fault, or None for the gateware as it is.
    """

    def __init__(self, mutant: Mutant | None = None) -> None:
        self._mutant = mutant
        self._applied = mutant is None

    def load(self, name: str, **replaced: Any) -> ModuleType:
        """A copy of the module called ``name``, with global names ``replaced``.

        Raises
        ------
        MutantError
            If the mutant's piece of source is not there exactly once.
        AttributeError
            If the module has no such global name.
        """
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None, name
        source = Path(spec.origin).read_text(encoding="utf-8")
        mutant = self._mutant
        if mutant is not None and mutant.module == name:
            if source.count(mutant.old) != 1:
                raise MutantError(f"mutant {mutant.name!r}: {mutant.old!r} is not in {name} exactly once")
            source = source.replace(mutant.old, mutant.new)
            self._applied = True
        module = ModuleType(name)
        vars(module).update(__file__=spec.origin, __package__=spec.parent, __spec__=spec)
        exec(compile(source, spec.origin, "exec", dont_inherit=True), vars(module))
        for key, value in replaced.items():
            if not hasattr(module, key):
                raise AttributeError(f"{name} has no {key!r} to replace")
            setattr(module, key, value)
        return module

    def check(self) -> None:
        """Raise MutantError unless the mutant's module has been loaded: else the run would prove nothing about it."""
        if not self._applied and self._mutant is not None:
            raise MutantError(f"mutant {self._mutant.name!r}: the proof does not load {self._mutant.module}")
