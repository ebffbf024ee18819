"""What proofs are written with: free inputs, claims, assumptions, and the registers that remember the past."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import (
    Assert,
    Assume,
    ClockDomain,
    ClockSignal,
    Const,
    Elaboratable,
    Module,
    Mux,
    Signal,
    Value,
    ValueLike,
)
from amaranth.lib import stream

from .variant import Variant

__all__ = ["Bench", "internal"]


class Bench:
    """A circuit around the unit under proof: whatever is free in it may take any value in every cycle.

    Claims hold in every reachable cycle, from the reset on. There is no reset later: all registers start at their
    initial value, as in an FPGA that has just been configured.

    Parameters
    ----------
    variant : loads the modules of the gateware.

    Members
    -------
    ``m`` : the module that units and logic are added to. ``ports`` : clock and free inputs. ``first`` : cycle 0.
    """

    def __init__(self, variant: Variant) -> None:
        self.load = variant.load
        self.m = Module()
        self.m.domains.sync = ClockDomain(reset_less=True)
        clock = Signal(name="clk")
        self.m.d.comb += ClockSignal().eq(clock)
        self.ports: list[Signal] = [clock]
        self.first = Signal(init=1)
        self.m.d.sync += self.first.eq(0)
        self._counter = 0

    def add(self, name: str, unit: Elaboratable) -> Module:
        """Add a unit to the circuit; returns the module inside it, for claims about what no port shows."""
        inside: Module = unit.elaborate(None)
        unit._MustUse__used = True  # which Amaranth sets where it elaborates by itself
        self.m.submodules[name] = inside
        return inside

    def free(self, name: str, shape: Any = 1) -> Any:
        """A new input of the circuit: any value, in any cycle."""
        signal = Signal(shape, name=f"free_{name}_{len(self.ports)}")
        self.ports.append(Value.cast(signal))  # type: ignore[arg-type]
        return signal

    def constant(self, name: str, shape: Any = 1) -> Any:
        """Any value, but the same in all cycles."""
        start = self.free(name, shape)
        held, value = Signal.like(start, name=f"held_{name}"), Signal.like(start, name=f"constant_{name}")
        self.m.d.comb += value.eq(Mux(self.first, start, held))
        self.m.d.sync += held.eq(value)
        return value

    def past(self, value: ValueLike, cycles: int = 1, init: int = 0) -> Any:
        """``value`` as it was ``cycles`` ago, ``init`` before there was any."""
        for _ in range(cycles):
            self._counter += 1
            register = Signal(Value.cast(value).shape(), init=init, name=f"past_{self._counter}")
            self.m.d.sync += register.eq(value)
            value = register
        return value

    def since_start(self, cycles: int) -> Value:
        """High from cycle ``cycles`` on."""
        return self.past(Const(1, 1), cycles) if cycles else Const(1, 1)

    def claim(self, condition: ValueLike, text: str) -> None:
        """Add a claim: ``condition`` holds in every cycle."""
        self.m.d.comb += Assert(condition, text)

    def assume(self, condition: ValueLike) -> None:
        """Restrict the free inputs: cycles in which ``condition`` does not hold cannot be."""
        self.m.d.comb += Assume(condition)

    def source(self, target: stream.Interface, name: str, **fields: ValueLike) -> None:
        """Drive an input stream at will, but by the rules: what is offered stays until it is taken.

        ``fields`` of the payload have the values given, and must stay by themselves; the others are free.
        """
        waits = self.past(target.valid & ~target.ready)
        payload = Value.cast(target.payload)
        self.m.d.comb += [
            target.valid.eq(waits | self.free(f"{name}_valid")),
            payload.eq(Mux(waits, self.past(payload), self.free(f"{name}_payload", len(payload)))),
        ]
        self.m.d.comb += [target.payload[key].eq(value) for key, value in fields.items()]

    def sink(self, origin: stream.Interface, name: str) -> None:
        """Take from an output stream whenever one likes."""
        self.m.d.comb += origin.ready.eq(self.free(f"{name}_ready"))

    def claim_stable(self, origin: stream.Interface, name: str) -> None:
        """Claim that what an output stream offers stays until it is taken."""
        payload = Value.cast(origin.payload)
        waits = self.past(origin.valid & ~origin.ready)
        same = payload == self.past(payload)
        self.claim(~waits | (origin.valid & same), f"{name}: an offer changes before it is taken")

    def claim_order(
        self, entered: ValueLike, item: ValueLike, left: ValueLike, out: ValueLike, capacity: int, name: str
    ) -> Signal:
        """Claim that items leave as they entered: none lost, none twice, none altered, none out of order.

        One item, any one, is followed: the solver picks it, and the number of items in front of it tells when it has to
        leave. Returns the number of items inside, which is claimed to be at most ``capacity``.

        Parameters
        ----------
        entered, left : an item enters or leaves in this cycle. An item may leave in the cycle in which it enters.
        item, out : the item that enters, as it has to leave; and the one that leaves.
        """
        m = self.m
        inside = Signal(range(capacity + 2))
        ahead = Signal.like(inside)
        following, followed = Signal(), Signal.like(Value.cast(item))
        entered, left, out = (Value.cast(value) for value in (entered, left, out))
        picks = Signal()
        expected = Mux(picks, item, followed)
        before = Mux(picks, inside, ahead)
        m.d.comb += picks.eq(entered & ~following & self.free("pick"))
        m.d.sync += inside.eq(inside + entered - left)
        with m.If(picks):
            m.d.sync += [following.eq(1), followed.eq(item)]
        with m.If(picks | following):
            m.d.sync += ahead.eq(before - left)
            with m.If(left & (before == 0)):
                m.d.sync += following.eq(0)
        self.claim(inside <= capacity, f"{name}: holds more than it can")
        self.claim(~(left & (inside == 0) & ~entered), f"{name}: an item leaves that never entered")
        due = left & (before == 0) & (picks | following)
        self.claim(~due | (out == expected), f"{name}: an item is lost, altered, or out of order")
        return inside

    def claim_prompt(self, pending: ValueLike, served: ValueLike, cycles: int, name: str) -> None:
        """Claim that ``served`` comes within ``cycles`` cycles while ``pending`` holds."""
        waited = Signal(range(cycles + 2))
        pending = Value.cast(pending)
        with self.m.If(pending & ~served & (waited <= cycles)):
            self.m.d.sync += waited.eq(waited + 1)
        with self.m.Else():
            self.m.d.sync += waited.eq(0)
        self.claim(waited <= cycles, f"{name}: comes to a halt")


def internal(module: Module, name: str) -> Signal:
    """The signal called ``name`` that ``module`` drives.

    Some claims speak of a register that no port shows. Amaranth has no public way to it; the bound on its version in
    pyproject.toml covers this one.
    """
    found = [signal for signal in module._driving if signal.name == name]
    if len(found) != 1:
        raise KeyError(f"{name!r} names {len(found)} signals, not one")
    return found[0]
