"""Predictive forward-forward (Ororbia & Mali, arXiv 2301.01452) as programs: both circuits.

One program trains; another classifies, reconstructs and synthesises. ``docs/pff.md`` tells what each equation becomes.
"""

from __future__ import annotations

from onward.hw.spec.config import ConfigError, CoreConfig
from onward.hw.spec.formats import OPERAND_FRACTION

from .assembler import Assembler, Program
from .pff_circuit import Circuit
from .pff_generator import GeneratorPasses
from .pff_inference import Inference
from .pff_parameters import PFFParameters
from .pff_training import Training

__all__ = ["build_pff", "build_pff_inference"]


def build_pff(config: CoreConfig, parameters: PFFParameters | None = None) -> Program:
    """The program with the entry ``train``.

    Raises
    ------
    ConfigError
        If weights, registers or program do not fit the core, or the core has only one hidden layer.
    """
    circuit, generator = _allocate(config, parameters or PFFParameters())
    Training(circuit, generator).emit()
    return circuit.asm.assemble()


def build_pff_inference(config: CoreConfig, parameters: PFFParameters | None = None) -> Program:
    """The program with the entry ``infer`` and those of :class:`.pff_generator.GeneratorPasses`, for the same weights.

    Raises
    ------
    ConfigError
        As :func:`build_pff`.
    """
    circuit, generator = _allocate(config, parameters or PFFParameters())
    Inference(circuit).emit()
    if generator:
        generator.emit_entries()
    return circuit.asm.assemble()


def _allocate(config: CoreConfig, parameters: PFFParameters) -> tuple[Circuit, GeneratorPasses | None]:
    """Both circuits, in the same rows for every program."""
    if len(config.hidden) < 2:
        raise ConfigError(f"{config.name}: the pff rule needs at least two hidden layers, not {len(config.hidden)}")
    if parameters.noise or parameters.generator_noise:
        for units in config.hidden:
            if units % config.lanes:
                raise ConfigError(
                    f"{config.name}: noise needs layers of whole words of {config.lanes} lanes, not {units} units"
                )
    largest = 2 ** (config.operand_bits - 1) >> OPERAND_FRACTION
    if parameters.label_scale > largest:
        raise ConfigError(
            f"{config.name}: label_scale must be at most {largest} with operands of {config.operand_bits} bits,"
            f" not {parameters.label_scale:g}"
        )
    circuit = Circuit(config, parameters, Assembler(config))
    return circuit, None if parameters.generator == "off" else GeneratorPasses(circuit)
