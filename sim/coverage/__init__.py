"""What the benches make the gateware do: lines, bits, and situations that matter."""
