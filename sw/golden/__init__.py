"""Golden model: the integer definition of what the gateware must do, bit for bit."""
