"""What a core of some configuration needs: rows, memory blocks, multipliers."""

from __future__ import annotations

from typing import Any

from onward.hw.spec.config import CoreConfig
from onward.hw.spec.formats import ELEMENT
from onward.hw.spec.isa import INSTRUCTION_BITS
from onward.hw.spec.protocol import max_payload
from onward.sw.programs.assembler import Program
from onward.sw.programs.timing import estimate

__all__ = ["describe_core", "memory_blocks", "weight_blocks"]

_DP16KD = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
"""Depths and widths of an ECP5 block RAM of 18 kbit."""

_OTHER_MULTIPLIERS = 4
"""Beside the lanes': broadcast operand, scaling of reduced rows, scalar unit, squares of pixels."""

_SPRAM_BITS = 16384 * 16
"""Bits of an iCE40 single-port memory."""


def weight_blocks(config: CoreConfig) -> int:
    """Memory blocks of the weight memory: DP16KD, or for ``spram`` SB_SPRAM256KA.

    Every cluster of lanes has a memory of its own, built of block RAMs of the shape that takes the fewest. Single-port
    memories are counted by capacity: rows wider than their ports are read in several parts.
    """
    if config.memory == "spram":
        return -(-config.rows * config.lanes * config.weight_bits // _SPRAM_BITS)
    return sum(
        _blocks(config.rows, min(config.cluster_lanes, config.lanes - first) * config.weight_bits)
        for first in range(0, config.lanes, config.cluster_lanes)
    )


def memory_blocks(config: CoreConfig) -> int:
    """DP16KD of a core and its link: weights, program, elements, both samples and the frame buffer.

    With ``spram``, only the single-port memories of the weights. Registers, results and other small memories are made
    of lookup tables. Synthesis for the ECP5 finds the same.
    """
    if config.memory == "spram":
        return weight_blocks(config)
    index_bits = max(1, (config.inputs - 1).bit_length())
    return weight_blocks(config) + sum(
        (
            _blocks(config.program, INSTRUCTION_BITS),
            _blocks(config.elements, ELEMENT.bits),
            _blocks(2 << index_bits, index_bits + 8),
            _blocks(max_payload(config), 8),
        )
    )


def _blocks(depth: int, width: int) -> int:
    """DP16KD of a memory, in the shape that takes the fewest."""
    return min(-(-depth // words) * -(-width // bits) for words, bits in _DP16KD)


def describe_core(program: Program, inference: Program) -> dict[str, Any]:
    """Sizes of the core that a rule's two programs are for, and what these take of them."""
    config = program.config
    train, infer = estimate(program, "train"), estimate(inference, "infer")
    return {
        "preset": config.name,
        "digest": config.digest,
        "inputs": config.inputs,
        "hidden": list(config.hidden),
        "classes": config.classes,
        "lanes": config.lanes,
        "group": config.group,
        "weight_bits": config.weight_bits,
        "operand_bits": config.operand_bits,
        "accumulator_bits": config.accumulator_bits,
        "rows": config.rows,
        "rows_used": program.map.used,
        "program": config.program,
        "program_used": len(program.instructions),
        "program_used_infer": len(inference.instructions),
        "vectors": config.vectors,
        "memory": config.memory,
        "weight_blocks": weight_blocks(config),
        "memory_blocks": memory_blocks(config),
        "multipliers": config.lanes + _OTHER_MULTIPLIERS,
        "parameters": sum(matrix.inputs * matrix.units for matrix in program.map.matrices.values()),
        "clock_mhz": config.clock_mhz,
        "baud": config.baud,
        "predicted_cycles_train": round(train.cycles),
        "predicted_cycles_infer": round(infer.cycles),
        "predicted_mac_utilisation": train.busy / train.cycles,
        "predicted_samples_per_s": config.clock_mhz * 1e6 / train.cycles,
    }
