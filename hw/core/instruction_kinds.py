"""What the sequencer must know of an instruction before it issues it."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import data

from onward.hw.spec.isa import FIELDS, INSTRUCTION_BITS, Op, Source

from .vector_op import HostOp

__all__ = ["InstructionKinds", "Word", "host_kinds", "program_kinds"]

Word = data.FlexibleLayout(
    INSTRUCTION_BITS, {name: data.Field(bits, lowest) for name, (lowest, bits) in FIELDS.items()}
)
"""The fields of an instruction."""

InstructionKinds = data.StructLayout(
    dict.fromkeys(
        (
            "vector",  # goes to the broadcast unit,
            "scalar",  # to the scalar unit
            "end",
            "sums",  # RED and DOT, whose sum the scalar unit gets
            "rows",  # ROWS
            "reduces",  # any of these, or what the host reads
            "best",
            "scaled",  # needs a scalar beside the elements
            "indexed",  # has vector registers with index registers
            "reads_weights",
            "reads_vectors",
            "loads",
            "updates",
            "scans",
            "uses_elements",  # in the lanes
            "element_op",  # in the scalar unit
            "writes_scalar",
            "writes_index",
            "sets",  # SETI, which the sequencer executes itself, as all that follow,
            "adds",  # ADDI,
            "labels",  # LAB,
            "loops",  # LOOP
        ),
        1,
    )
)
"""Classes of instructions, a bit each."""

_SCALED = (Op.MAC, Op.UPD, Op.ROWS, Op.MACV, Op.NOISE, Op.SCAT)
_READS_WEIGHTS = (Op.MAC, Op.ROWS, Op.LMAC)
_READS_VECTORS = (Op.UPD, Op.RED, Op.DOT, Op.ROWS, Op.MACV, Op.MACVV, Op.LMAC, Op.LUPD)
_UPDATES = (Op.UPD, Op.LUPD, Op.NOISE)
_SUMS = (Op.RED, Op.DOT)
_WRITES_SCALAR = (Op.LDI, Op.MUL, Op.ADD, Op.SUB, Op.RSQ, Op.SIG, Op.EXP, Op.REC, Op.XN, Op.LDE, Op.BEST, *_SUMS)
_ELEMENT_OPS = (Op.SMAX, Op.EADD, Op.DRAW, Op.AMAX, Op.STE, Op.LDE, Op.OUTE)
_WRITES_INDEX = (Op.DRAW, Op.AMAX, Op.BEST, Op.SETI, Op.ADDI, Op.LAB, Op.LOOP)


def program_kinds(m: Module, word: data.View, kinds: data.View) -> None:
    """Drive ``kinds`` from ``word`` (:data:`Word`), an instruction of the program, combinationally."""
    op = word.op
    streams = op.matches(Op.MAC, Op.UPD)
    m.d.comb += [
        kinds.vector.eq(op.matches(*(code for code in Op if code.is_vector))),
        kinds.scalar.eq(op.matches(*(code for code in Op if code.is_scalar))),
        kinds.end.eq(op == Op.END),
        kinds.sums.eq(op.matches(*_SUMS)),
        kinds.rows.eq(op == Op.ROWS),
        kinds.reduces.eq(op.matches(Op.ROWS, *_SUMS)),
        kinds.best.eq(op == Op.BEST),
        kinds.scaled.eq(op.matches(*_SCALED)),
        kinds.indexed.eq(op.matches(*range(1, 32))),
        kinds.reads_weights.eq(op.matches(*_READS_WEIGHTS)),
        kinds.reads_vectors.eq(op.matches(*_READS_VECTORS)),
        kinds.updates.eq(op.matches(*_UPDATES)),
        kinds.scans.eq(streams & (word.source == Source.VECTOR)),
        kinds.uses_elements.eq((streams & word.source.matches(Source.ELEMENTS, Source.RESIDUAL)) | (op == Op.SCAT)),
        kinds.element_op.eq(op.matches(*_ELEMENT_OPS)),
        kinds.writes_scalar.eq(op.matches(*_WRITES_SCALAR)),
        kinds.writes_index.eq(op.matches(*_WRITES_INDEX)),
        kinds.sets.eq(op == Op.SETI),
        kinds.adds.eq(op == Op.ADDI),
        kinds.labels.eq(op == Op.LAB),
        kinds.loops.eq(op == Op.LOOP),
    ]


def host_kinds(m: Module, word: data.View, kinds: data.View) -> None:
    """Drive ``kinds`` from ``word`` (:class:`.vector_op.VectorOp`), a lane operation of the host, combinationally."""
    op = word.op
    m.d.comb += [
        kinds.vector.eq(1),
        kinds.reduces.eq(op.matches(HostOp.READ_WEIGHT, HostOp.READ_VECTOR)),
        kinds.reads_weights.eq(op == HostOp.READ_WEIGHT),
        kinds.reads_vectors.eq(op == HostOp.READ_VECTOR),
        kinds.loads.eq(op == HostOp.LOAD_LANE),
        kinds.updates.eq(op == HostOp.STORE_ROW),
    ]
