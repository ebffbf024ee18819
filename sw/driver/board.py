"""One interface to every core: in the golden model, simulated, or at the end of a serial line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.sw.golden.sample import Batch
from onward.sw.programs.assembler import Program

__all__ = ["Board", "Progress"]

Progress = Callable[[int], None]
"""Called with the number of samples done so far."""


class Board(ABC):
    """A core that can be used: :meth:`open` one by name, or make one of the subclasses.

    The same calls in the same order give the same results, weights and saturations on every board. A board is a
    context manager that closes itself.

    Attributes
    ----------
    name : what it was opened as.
    config : the core's configuration.
    program : the program loaded last, or None.
    """

    def __init__(self, name: str, config: CoreConfig) -> None:
        self.name = name
        self.config = config
        self.program: Program | None = None

    @staticmethod
    def open(name: str, config: CoreConfig) -> Board:
        """The board called ``golden``, ``sim``, ``serial:PORT`` or ``netlist:DIR``, cleared of what an earlier user
        left running. The last one is the netlist of a folder that ``onward build`` has made, simulated.

        Raises
        ------
        ConfigError
            If there is no such kind of board.
        LinkError
            If nothing answers, or what answers is no core of this configuration.
        SimBuildError
            If the simulated board cannot be built.
        NetlistError
            If the folder has no netlist, or one that cannot be simulated.
        """
        # Subclasses import this module; and who wants one kind of board need not have what the others need.
        kind, _, port = name.partition(":")
        if name == "golden":
            from .golden_board import GoldenBoard

            return GoldenBoard(config)
        if name == "sim":
            from .link_board import LinkBoard
            from .sim_transport import SimTransport

            return LinkBoard(config, SimTransport(config))
        if kind == "serial" and port:
            from .link_board import LinkBoard
            from .serial_transport import SerialTransport

            return LinkBoard(config, SerialTransport(port, config.baud))
        if kind == "netlist" and port:
            from .link_board import LinkBoard
            from .netlist_transport import NetlistTransport

            return LinkBoard(config, NetlistTransport(config, Path(port)))
        raise ConfigError(f"unknown board {name!r}: use golden, sim, serial:PORT or netlist:DIR")

    # what every board can do --------------------------------------------------------------------------------------

    def load_program(self, program: Program) -> None:
        """Put ``program`` into the program memory from address 0; raises ConfigError if it is for another core."""
        if program.config.digest != self.config.digest:
            raise ConfigError(
                f"the program was made for configuration {program.config.name!r}, the board has {self.config.name!r}"
            )
        self._load(program)
        self.program = program

    def write_weights(self, rows: ArrayLike, first: int = 0) -> None:
        """Write weight rows (rows, lanes) from row ``first`` on.

        Raises
        ------
        ValueError
            If the shape or a value does not fit the weight memory; then nothing is written.
        """
        values = np.asarray(rows)
        form = self.config.weight
        if values.ndim != 2 or values.shape[1] != self.config.lanes:
            raise ValueError(f"weight rows must be (rows, {self.config.lanes}), not {values.shape}")
        if first < 0 or first + len(values) > self.config.rows:
            raise ValueError(f"rows {first} to {first + len(values) - 1} are not in 0 to {self.config.rows - 1}")
        if values.size and not form.min <= values.min() <= values.max() <= form.max:
            raise ValueError(f"weights must be {form.min} to {form.max}")
        self._write_rows(values.astype(np.int32), first)

    def read_weights(self, rows: int | None = None) -> NDArray[np.int32]:
        """Weight rows from 0 on, (rows, lanes): those that the loaded program uses, unless a number is given."""
        if rows is None:
            rows = self._loaded().map.used
        if not 0 <= rows <= self.config.rows:
            raise ValueError(f"rows must be 0 to {self.config.rows}, not {rows}")
        return self._read_rows(rows)

    def run(self, entry: str, batch: Batch, progress: Progress | None = None) -> list[list[int]]:
        """Run the loaded program once for each sample, from the entry called ``entry``; returns their result words.

        Raises
        ------
        ValueError
            If the program has no such entry, or a sample does not fit the core; then nothing has run.
        """
        entries = self._loaded().entries
        if entry not in entries:
            raise ValueError(f"the program has no entry {entry!r}, but {', '.join(entries)}")
        if batch.index.size and batch.index.max() >= self.config.inputs:
            raise ValueError(f"a sample has pixel {batch.index.max()}, the core takes {self.config.inputs}")
        if batch.labels.size and batch.labels.max() >= self.config.classes:
            raise ValueError(f"a sample has label {batch.labels.max()}, the core has {self.config.classes} classes")
        return self._run(entries[entry], batch, progress or (lambda done: None))

    def _loaded(self) -> Program:
        if self.program is None:
            raise ValueError("no program is loaded")
        return self.program

    # what each board does its own way -----------------------------------------------------------------------------

    @abstractmethod
    def read_vector(self, word: int) -> NDArray[np.int32]:
        """One word of the vector registers, (lanes,)."""

    @abstractmethod
    def seed(self, seed: int) -> None:
        """Restart every random generator of the core from a 32-bit seed."""

    @abstractmethod
    def counters(self) -> dict[str, int | None]:
        """The counters of :data:`onward.hw.spec.protocol.COUNTERS`; None for what this board cannot know."""

    @abstractmethod
    def reset(self) -> None:
        """Clear the counters. Memories and generators keep their contents."""

    def clock(self) -> int | None:
        """Clock cycles that the whole board has lived through, link and waiting included; None if nobody knows."""
        return None

    @abstractmethod
    def close(self) -> None:
        """Give the board back; calling it again does nothing."""

    @abstractmethod
    def _load(self, program: Program) -> None: ...

    @abstractmethod
    def _write_rows(self, rows: NDArray[np.int32], first: int) -> None: ...

    @abstractmethod
    def _read_rows(self, rows: int) -> NDArray[np.int32]: ...

    @abstractmethod
    def _run(self, entry: int, batch: Batch, progress: Progress) -> list[list[int]]: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
