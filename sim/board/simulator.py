"""The simulated board as a Python object: bytes in, bytes out, cycles counted."""

from __future__ import annotations

import ctypes
from types import TracebackType
from typing import Literal

from onward.hw.spec.config import CoreConfig

from .build import board_library, build_library

__all__ = ["SimError", "SimSilence", "Simulator"]

_NEVER, _FRAME = 0, 2
_TIMEOUT = 10_000_000


class SimError(RuntimeError):
    """The simulated core stays silent, or its simulation has stopped; the message says which, and after how long."""


class SimSilence(SimError):
    """The simulated core has ended no frame within the time given to it."""


class Simulator:
    """A board whose clock runs only inside :meth:`read` and :meth:`run`.

    Everything is a function of what was written and when it was run: two simulators do the same, cycle for cycle. To be
    used by one thread at a time; several simulators may run at the same time.

    Parameters
    ----------
    config : CoreConfig
        The core.
    flavour : "bytes" or "uart"
        Byte streams straight into the link, one byte a cycle; or the pins of a serial line.
    stall_seed : int, optional
        Put random gaps between bytes, and make the core wait with its own (with "uart": only between the bytes it
        receives). Replies must not depend on it.
    divisor : int, optional
        Clock cycles of one bit of the serial line; default is the one for the clock and baud rate of ``config``.
    verilog : str, optional
        The module ``onward`` with the ports of the flavour, instead of the gateware as it is: a netlist, for example.

    Raises
    ------
    SimBuildError
        If the board is not in the cache and cannot be built.
    ValueError
        If ``flavour`` is unknown or ``divisor`` is given without a serial line.
    """

    def __init__(
        self,
        config: CoreConfig,
        flavour: Literal["bytes", "uart"] = "bytes",
        stall_seed: int | None = None,
        divisor: int | None = None,
        verilog: str | None = None,
    ) -> None:
        self._board = None
        if flavour not in ("bytes", "uart"):
            raise ValueError(f"flavour must be 'bytes' or 'uart', not {flavour!r}")
        if flavour == "bytes" and divisor is not None:
            raise ValueError("divisor is for the flavour 'uart' only")
        if flavour == "uart" and divisor is None:
            divisor = round(config.clock_mhz * 1e6 / config.baud)
        self.config = config
        self.flavour = flavour
        if verilog is None:
            library = board_library(config, divisor or 0)
        else:
            library = build_library(verilog, divisor or 0, effort="-O1")
        self._library = _load(str(library))
        self._board = self._library.onward_open(stall_seed is not None, (stall_seed or 0) % (1 << 63))
        self._check()

    @property
    def cycles(self) -> int:
        """Clock cycles since the board was made."""
        return int(self._library.onward_cycles(self._open()))

    def write(self, data: bytes) -> None:
        """Queue bytes for the core; they travel while the clock runs."""
        self._library.onward_send(self._open(), bytes(data), len(data))

    def read(self, timeout: int = _TIMEOUT) -> bytes:
        """Run until the core has sent the zero byte that ends a frame, and return everything it has sent.

        Raises
        ------
        SimSilence
            If no frame ends within ``timeout`` cycles (what has come so far stays for the next call).
        SimError
            If the simulation has stopped.
        """
        reached = self._library.onward_run(self._open(), timeout, _FRAME)
        self._check()
        if not reached:
            waiting = self._library.onward_pending(self._board)
            raise SimSilence(
                f"the simulated core has ended no frame within {timeout:,} cycles"
                f" ({waiting} bytes without end have come; cycle {self.cycles:,})"
            )
        return self._receive()

    def run(self, cycles: int) -> bytes:
        """Run exactly ``cycles``, and return what the core has sent: maybe nothing, maybe a part of a frame.

        Raises
        ------
        SimError
            If the simulation has stopped.
        """
        self._library.onward_run(self._open(), cycles, _NEVER)
        self._check()
        return self._receive()

    def reset(self) -> None:
        """Press the board's reset: bytes on their way are lost, the core restarts, memories keep their contents."""
        self._library.onward_reset(self._open())
        self._check()

    def close(self) -> None:
        """Give the board's memory back; calling it again does nothing."""
        if self._board is not None:
            self._library.onward_close(self._board)
            self._board = None

    def __enter__(self) -> Simulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def _open(self) -> int:
        if self._board is None:
            raise SimError("the simulated board is closed")
        return self._board

    def _receive(self) -> bytes:
        count = self._library.onward_pending(self._board)
        buffer = ctypes.create_string_buffer(count)
        self._library.onward_receive(self._board, buffer, count)
        return buffer.raw

    def _check(self) -> None:
        """Raise SimError if the model has stopped."""
        error = self._library.onward_error(self._board).decode(errors="replace")
        if error:
            raise SimError(f"the simulation stopped at cycle {self.cycles:,}: {error}")


def _load(path: str) -> ctypes.CDLL:
    """The library with the types of its functions declared."""
    library = ctypes.CDLL(path)
    board, count = ctypes.c_void_p, ctypes.c_size_t
    for name, result, *arguments in (
        ("open", board, ctypes.c_int, ctypes.c_uint64),
        ("close", None, board),
        ("reset", None, board),
        ("send", None, board, ctypes.c_char_p, count),
        ("receive", count, board, ctypes.c_char_p, count),
        ("run", ctypes.c_int, board, ctypes.c_uint64, ctypes.c_int),
        ("pending", count, board),
        ("cycles", ctypes.c_uint64, board),
        ("error", ctypes.c_char_p, board),
    ):
        function = getattr(library, f"onward_{name}")
        function.restype = result
        function.argtypes = arguments
    return library
