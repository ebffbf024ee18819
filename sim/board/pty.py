"""A simulated board on a pseudo-terminal: programs open it like the serial port of a real one."""

from __future__ import annotations

import os
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from .simulator import SimError, Simulator

__all__ = ["serve"]

_SLICE = 5_000
"""Cycles between looks at the terminal."""
_LIVELY = 1_000_000
"""Cycles without a byte after which the clock slows down, so that a board that waits takes no processor time."""
_PAUSE = 0.05


@contextmanager
def serve(simulator: Simulator) -> Iterator[str]:
    """Runs ``simulator`` in a thread, and gives the path of the terminal at which its serial line ends.

    The simulator belongs to the thread until the block is left. Whatever baud rate is set on the terminal, bytes travel
    as fast as the simulation goes.

    Raises
    ------
    ValueError
        If the simulator's flavour is not "uart".
    SimError
        When the block is left, if the simulation has stopped; until then the terminal has hung up.
    """
    if simulator.flavour != "uart":
        raise ValueError(f"a terminal needs a simulator of flavour 'uart', not {simulator.flavour!r}")
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    pump = _Pump(simulator, ours)
    pump.start()
    try:
        yield os.ttyname(theirs)
    except Exception as error:
        pump.stop()
        if pump.error:
            raise pump.error from error
        raise
    finally:
        pump.stop()
        os.close(theirs)
    if pump.error:
        raise pump.error


class _Pump(threading.Thread):
    """Moves bytes between a simulator and our end of a terminal, which it closes when it ends."""

    def __init__(self, simulator: Simulator, terminal: int) -> None:
        super().__init__(name="simulated board", daemon=True)
        self.error: SimError | None = None
        self._simulator = simulator
        self._terminal = terminal
        self._over = threading.Event()

    def stop(self) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        try:
            self._pump()
        except SimError as error:
            self.error = error
        finally:
            os.close(self._terminal)

    def _pump(self) -> None:
        outgoing = b""
        quiet = 0
        while not self._over.is_set():
            patience = 0 if quiet < _LIVELY else _PAUSE
            readable, writable, _ = select.select([self._terminal], [self._terminal] if outgoing else [], [], patience)
            if readable:
                self._simulator.write(os.read(self._terminal, 4096))
                quiet = 0
            if writable:
                outgoing = outgoing[os.write(self._terminal, outgoing) :]
            received = self._simulator.run(_SLICE)
            outgoing += received
            quiet = 0 if received else quiet + _SLICE
