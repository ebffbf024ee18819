"""Bytes to and from a board on a serial port."""

from __future__ import annotations

import os

import serial

from .frames import DeviceLost, LinkError

__all__ = ["SerialTransport"]

_WRITE_SECONDS = 2.0


class SerialTransport:
    """A serial port: 8 data bits, no parity, one stop bit, no flow control.

    Parameters
    ----------
    port : device, such as ``/dev/ttyUSB0`` or ``COM3``.
    baud : symbols a second, those of the core's configuration.
    timeout : seconds of silence after which :meth:`read` gives up. :meth:`write` does when the port takes nothing for
        two seconds.

    Raises
    ------
    LinkError
        If the port cannot be opened.
    """

    def __init__(self, port: str, baud: int, timeout: float = 0.25) -> None:
        self.name = f"serial:{port}"
        try:
            self._serial = serial.Serial(port, baud, timeout=timeout, write_timeout=max(timeout, _WRITE_SECONDS))
            self._timeout = timeout
            self._serial.reset_input_buffer()
        except (OSError, ValueError) as error:  # SerialException is an OSError
            raise LinkError(f"{self.name}: cannot open the port: {_reason(error)}") from None

    def write(self, data: bytes) -> None:
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException:
            raise DeviceLost(f"{self.name}: the port takes no bytes") from None
        except OSError as error:
            raise DeviceLost(f"{self.name}: the port has failed: {_reason(error)}") from None

    def read(self, patience: int = 1) -> bytes:
        try:
            if self._serial.timeout != patience * self._timeout:
                self._serial.timeout = patience * self._timeout
            # One byte with the time-out, then what has come with it: waits for no more than there is.
            return bytes(self._serial.read(max(1, self._serial.in_waiting)))
        except OSError as error:
            raise DeviceLost(f"{self.name}: the port has failed: {_reason(error)}") from None

    def close(self) -> None:
        self._serial.close()


def _reason(error: Exception) -> str:
    """The system's word for it where there is one: pyserial wraps it into its own, twice."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error)
