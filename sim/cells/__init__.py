"""Synthesised netlists in simulation: models of the cells that synthesis maps to, and a translation to Verilog."""
