"""All proofs, by name."""

from __future__ import annotations

from .proof import Proof
from .proofs import (
    aligner,
    cobs_decoder,
    command_unit,
    crc32,
    element_walk,
    frame_buffer,
    generator,
    lane,
    normaliser,
    operand_unit,
    packer,
    pixel_merge,
    reduce_tree,
    register_slice,
    reply_arbiter,
    round_trip,
    row_port,
    sample_buffer,
    scalar_queue,
    scalar_to_fixed,
    scanner,
    weight_rows,
)

__all__ = ["PROOFS"]

PROOFS: dict[str, Proof] = {
    proof.name: proof
    for proof in (
        cobs_decoder.PROOF,
        frame_buffer.PROOF,
        round_trip.PROOF,
        reply_arbiter.PROOF,
        command_unit.STATES,
        command_unit.ACTS,
        sample_buffer.PROOF,
        pixel_merge.PROOF,
        register_slice.PROOF,
        row_port.PROOF,
        scalar_queue.PROOF,
        scanner.PROOF,
        weight_rows.DISTANCES,
        weight_rows.SUFFICES,
        weight_rows.SINGLE_PORT,
        lane.UPDATE,
        lane.STORE,
        operand_unit.PROOF,
        scalar_to_fixed.PROOF,
        normaliser.PROOF,
        aligner.PROOF,
        packer.PROOF,
        reduce_tree.PROOF,
        element_walk.PROOF,
        generator.PROOF,
        crc32.PROOF,
    )
}
