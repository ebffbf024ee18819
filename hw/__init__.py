"""Gateware of the Onward core: specification, vector machine, link, boards."""
