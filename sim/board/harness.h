// Text that the model prints, and errors it ends with, go to the board instead of the standard output.
// Included in front of Verilator's run-time library, which calls these in place of its own.
#pragma once

int onward_print(const char* format, ...);
#define VL_PRINTF onward_print
#define VL_USER_STOP
#define VL_USER_FATAL
