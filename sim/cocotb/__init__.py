"""Co-simulation: every unit and the whole core as Verilog, in other people's simulators, against models in Python."""
