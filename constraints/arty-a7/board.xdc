# Arty A7-100 (xc7a100ticsg324-1L): the pins that the core uses. onward build checks them against amaranth-boards.

# oscillator
set_property LOC E3 [get_ports "clk100_0__io"]
set_property IOSTANDARD "LVCMOS33" [get_ports "clk100_0__io"]

# serial line, to the core
set_property LOC A9 [get_ports "uart_0__rx__io"]
set_property IOSTANDARD "LVCMOS33" [get_ports "uart_0__rx__io"]

# serial line, from the core
set_property LOC D10 [get_ports "uart_0__tx__io"]
set_property IOSTANDARD "LVCMOS33" [get_ports "uart_0__tx__io"]

# light: alive
set_property LOC H5 [get_ports "led_0__io"]
set_property IOSTANDARD "LVCMOS33" [get_ports "led_0__io"]

# light: training
set_property LOC J5 [get_ports "led_1__io"]
set_property IOSTANDARD "LVCMOS33" [get_ports "led_1__io"]

# light: error
set_property LOC T9 [get_ports "led_2__io"]
set_property IOSTANDARD "LVCMOS33" [get_ports "led_2__io"]

# its frequency; that of the core's clock follows from the PLL
create_clock -name clk100_0__io -period 10 [get_nets "clk100_0__io"]

# whole part
set_property INTERNAL_VREF 0.675 [get_iobanks 34]
set_property CFGBVS VCCO [current_design]
set_property CONFIG_VOLTAGE 3.3 [current_design]
