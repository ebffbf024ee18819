// Cells of the ECP5 that synthesis maps to, as their data sheets describe them (Lattice FPGA-TN-02204 memory,
// FPGA-TN-02205 multipliers), without timing.
//
// Ports that the vendor numbers one by one (DIA0, DIA1, ...) are vectors here; sim/cells/translate.py joins them. What
// silicon leaves undefined comes out wrong on purpose.

module L6MUX21 (input [1:0] D, input SD, output Z);
  assign Z = SD ? D[1] : D[0];
endmodule

module PFUMX (input ALUT, BLUT, input [0:0] C, output Z);
  assign Z = C[0] ? ALUT : BLUT;
endmodule

module CCU2C #(
  parameter [15:0] INIT0 = 0,
  parameter [15:0] INIT1 = 0,
  parameter INJECT1_0 = "YES",
  parameter INJECT1_1 = "YES"
) (
  input CIN,
  input [1:0] A, B, C, D,
  output [1:0] S,
  output COUT
);
  // Each half is a table of four inputs, and a smaller one of two that says where the carry comes from.
  wire table0 = INIT0[{D[0], C[0], B[0], A[0]}];
  wire table1 = INIT1[{D[1], C[1], B[1], A[1]}];
  wire generate0 = INIT0[{2'b00, B[0], A[0]}];
  wire generate1 = INIT1[{2'b00, B[1], A[1]}];
  wire carry = table0 ? CIN : (INJECT1_0 == "YES" ? 1'b0 : generate0);
  assign S[0] = table0 ^ (INJECT1_0 == "YES" ? 1'b0 : CIN);
  assign S[1] = table1 ^ (INJECT1_1 == "YES" ? 1'b0 : carry);
  assign COUT = table1 ? carry : (INJECT1_1 == "YES" ? 1'b0 : generate1);
endmodule

module TRELLIS_FF #(
  parameter GSR = "ENABLED",
  parameter CEMUX = "CE",
  parameter CLKMUX = "CLK",
  parameter LSRMUX = "LSR",
  parameter LSRONMUX = "LSRMUX",
  parameter REGSET = "RESET",
  parameter SRMODE = "LSR_OVER_CE"
) (
  input CLK, CE, LSR, DI,
  output logic Q
);
  localparam bit SET = REGSET == "SET";
  wire enable = CEMUX == "1" ? 1'b1 : CEMUX == "0" ? 1'b0 : CEMUX == "INV" ? ~CE : CE;
  wire reset = LSRMUX == "INV" ? ~LSR : LSR;
  initial Q = SET;
  if (CLKMUX == "INV") $error("no model of a flip-flop with an inverted clock");
  if (SRMODE == "ASYNC") begin : asynchronous
    always_ff @(posedge CLK, posedge reset)
      if (reset) Q <= SET;
      else if (enable) Q <= DI;
  end else begin : synchronous
    always_ff @(posedge CLK)
      if (reset && (enable || SRMODE == "LSR_OVER_CE")) Q <= SET;
      else if (enable) Q <= DI;
  end
endmodule

module TRELLIS_DPR16X4 #(
  parameter WCKMUX = "WCK",
  parameter WREMUX = "WRE",
  parameter [63:0] INITVAL = 0
) (
  input WCK, WRE,
  input [3:0] RAD, WAD, DI,
  output [3:0] DO
);
  logic [3:0] words[16];
  wire write = WREMUX == "1" ? 1'b1 : WREMUX == "0" ? 1'b0 : WREMUX == "INV" ? ~WRE : WRE;
  if (WCKMUX == "INV") $error("no model of a memory with an inverted clock");
  initial for (int i = 0; i < 16; i = i + 1) words[i] = INITVAL[4 * i +: 4];
  always_ff @(posedge WCK) if (write) words[WAD] <= DI;
  assign DO = words[RAD];
endmodule

// One port of a DP16KD reads, one writes, or both do; a read meets a write of the same place only to give nonsense.
module DP16KD #(
  parameter DATA_WIDTH_A = 18,
  parameter DATA_WIDTH_B = 18,
  parameter REGMODE_A = "NOREG",
  parameter REGMODE_B = "NOREG",
  parameter RESETMODE = "SYNC",
  parameter ASYNC_RESET_RELEASE = "SYNC",
  parameter WRITEMODE_A = "NORMAL",
  parameter WRITEMODE_B = "NORMAL",
  parameter CSDECODE_A = "0b000",
  parameter CSDECODE_B = "0b000",
  parameter CLKAMUX = "CLKA",
  parameter CLKBMUX = "CLKB",
  parameter GSR = "ENABLED",
  parameter [18431:0] INIT = 0
) (
  input CLKA, CEA, OCEA, WEA, RSTA, CLKB, CEB, OCEB, WEB, RSTB,
  input [2:0] CSA, CSB,
  input [13:0] ADA, ADB,
  input [17:0] DIA, DIB,
  output [17:0] DOA, DOB
);
  if (REGMODE_A != "NOREG" || REGMODE_B != "NOREG") $error("no model of a DP16KD with output registers");
  if (WRITEMODE_A == "WRITETHROUGH" || WRITEMODE_B == "WRITETHROUGH") $error("no model of a DP16KD that writes through");
  if (CSDECODE_A != "0b000" || CSDECODE_B != "0b000") $error("no model of a DP16KD with another chip select");
  if (CLKAMUX == "INV" || CLKBMUX == "INV") $error("no model of a DP16KD with an inverted clock");

  logic [8:0] bytes[2048];  // nine bits are the smallest part that is written at once with 9, 18 or 36 bits
  logic [35:0] read_a, read_b;
  initial begin
    for (int i = 0; i < 2048; i = i + 1) bytes[i] = INIT[9 * i +: 9];
    read_a = 0;
    read_b = 0;
  end

  wire use_a = CEA && CSA == 0, use_b = CEB && CSB == 0;
  wire write_a = use_a && WEA, write_b = use_b && WEB;
  // Bytes from the first one of a word; what is written of them.
  wire [10:0] first_a = first(DATA_WIDTH_A, ADA), first_b = first(DATA_WIDTH_B, ADB);
  wire [3:0] lanes_a = lanes(DATA_WIDTH_A, ADA), lanes_b = lanes(DATA_WIDTH_B, ADB);
  wire [35:0] data_a = DATA_WIDTH_A == 36 ? {DIB, DIA} : {18'b0, DIA};
  wire [35:0] data_b = DATA_WIDTH_B == 36 ? {DIB, DIA} : {18'b0, DIB};

  function automatic [10:0] first(input int width, input [13:0] address);
    return width == 36 ? {address[13:5], 2'b00} : width == 18 ? {address[13:4], 1'b0} : address[13:3];
  endfunction

  function automatic [3:0] lanes(input int width, input [13:0] address);
    return width == 36 ? address[3:0] : width == 18 ? {2'b00, address[1:0]} : 4'b0001;
  endfunction

  function automatic [8:0] narrow(input int width, input [13:0] address, input [8:0] old, input [17:0] data);
    narrow = old;
    case (width)
      1: narrow[address[2:0]] = data[0];
      2: narrow[{address[2:1], 1'b0} +: 2] = data[1:0];
      4: narrow[{address[2], 2'b00} +: 4] = data[3:0];
      default: narrow = data[8:0];
    endcase
  endfunction

  function automatic [35:0] word(input int width, input [13:0] address, input [10:0] start);
    case (width)
      1: word = 36'(bytes[start][address[2:0]]);
      2: word = 36'(bytes[start][{address[2:1], 1'b0} +: 2]);
      4: word = 36'(bytes[start][{address[2], 2'b00} +: 4]);
      9: word = 36'(bytes[start]);
      18: word = 36'({bytes[start | 11'd1], bytes[start]});
      default: word = {bytes[start | 11'd3], bytes[start | 11'd2], bytes[start | 11'd1], bytes[start]};
    endcase
  endfunction

  // The same group of four bytes: near enough to a collision for a core that never lets one happen.
  wire meet = first_a[10:2] == first_b[10:2];
  localparam bit EXACT_A = DATA_WIDTH_A == 36, EXACT_B = DATA_WIDTH_B == 36;
  wire collide = (EXACT_A && EXACT_B) ? meet : first_a == first_b;

  always_ff @(posedge CLKA) begin
    if (write_a) begin
      if (DATA_WIDTH_A < 9) bytes[first_a] <= narrow(DATA_WIDTH_A, ADA, bytes[first_a], DIA);
      else
        for (int i = 0; i < 4; i = i + 1)
          if (lanes_a[i]) bytes[first_a | 11'(i)] <= data_a[9 * i +: 9];
    end
    if (RSTA) read_a <= 0;
    else if (use_a && (!WEA || WRITEMODE_A == "READBEFOREWRITE"))
      read_a <= write_b && |lanes_b && collide ? ~word(DATA_WIDTH_A, ADA, first_a) : word(DATA_WIDTH_A, ADA, first_a);
  end

  always_ff @(posedge CLKB) begin
    if (write_b) begin
      if (DATA_WIDTH_B < 9) bytes[first_b] <= narrow(DATA_WIDTH_B, ADB, bytes[first_b], DIB);
      else
        for (int i = 0; i < 4; i = i + 1)
          if (lanes_b[i]) bytes[first_b | 11'(i)] <= data_b[9 * i +: 9];
    end
    if (RSTB) read_b <= 0;
    else if (use_b && (!WEB || WRITEMODE_B == "READBEFOREWRITE"))
      read_b <= write_a && |lanes_a && collide ? ~word(DATA_WIDTH_B, ADB, first_b) : word(DATA_WIDTH_B, ADB, first_b);
  end

  // A word of 36 bits leaves by both ports, whichever has been addressed.
  assign DOA = DATA_WIDTH_B == 36 ? read_b[17:0] : read_a[17:0];
  assign DOB = DATA_WIDTH_B == 36 ? read_b[35:18] : DATA_WIDTH_A == 36 ? read_a[35:18] : read_b[17:0];
endmodule

// A register that a multiplier may have at an input or output, of the clock, enable and reset that it names.
module ecp5_stage #(
  parameter WIDTH = 18,
  parameter CLOCK = "NONE",
  parameter ENABLE = "CE0",
  parameter RESET = "RST0"
) (
  input [3:0] CLK, CE, RST,
  input [WIDTH-1:0] i,
  output [WIDTH-1:0] o
);
  localparam int K = CLOCK == "CLK1" ? 1 : CLOCK == "CLK2" ? 2 : CLOCK == "CLK3" ? 3 : 0;
  localparam int E = ENABLE == "CE1" ? 1 : ENABLE == "CE2" ? 2 : ENABLE == "CE3" ? 3 : 0;
  localparam int R = RESET == "RST1" ? 1 : RESET == "RST2" ? 2 : RESET == "RST3" ? 3 : 0;
  if (CLOCK == "NONE") begin : bypass
    assign o = i;
  end else begin : register
    logic [WIDTH-1:0] kept = 0;
    always_ff @(posedge CLK[K])
      if (RST[R]) kept <= 0;
      else if (CE[E]) kept <= i;
    assign o = kept;
  end
endmodule

module MULT18X18D #(
  parameter REG_INPUTA_CLK = "NONE",
  parameter REG_INPUTA_CE = "CE0",
  parameter REG_INPUTA_RST = "RST0",
  parameter REG_INPUTB_CLK = "NONE",
  parameter REG_INPUTB_CE = "CE0",
  parameter REG_INPUTB_RST = "RST0",
  parameter REG_INPUTC_CLK = "NONE",
  parameter REG_PIPELINE_CLK = "NONE",
  parameter REG_PIPELINE_CE = "CE0",
  parameter REG_PIPELINE_RST = "RST0",
  parameter REG_OUTPUT_CLK = "NONE",
  parameter REG_OUTPUT_CE = "CE0",
  parameter REG_OUTPUT_RST = "RST0",
  parameter SOURCEB_MODE = "B_SHIFT",
  parameter MULT_BYPASS = "DISABLED",
  parameter RESETMODE = "SYNC",
  parameter GSR = "ENABLED"
) (
  input [3:0] CLK, CE, RST,
  input [17:0] A, B, C,
  input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
  output [35:0] P
);
  if (MULT_BYPASS != "DISABLED") $error("no model of a MULT18X18D that does not multiply");
  wire [17:0] a, b;
  ecp5_stage #(18, REG_INPUTA_CLK, REG_INPUTA_CE, REG_INPUTA_RST) stage_a (CLK, CE, RST, A, a);
  ecp5_stage #(18, REG_INPUTB_CLK, REG_INPUTB_CE, REG_INPUTB_RST) stage_b (CLK, CE, RST, B, b);
  wire signed [36:0] product = $signed({SIGNEDA & a[17], a}) * $signed({SIGNEDB & b[17], b});
  wire [35:0] passed;
  ecp5_stage #(36, REG_PIPELINE_CLK, REG_PIPELINE_CE, REG_PIPELINE_RST) pipeline (CLK, CE, RST, product[35:0], passed);
  ecp5_stage #(36, REG_OUTPUT_CLK, REG_OUTPUT_CE, REG_OUTPUT_RST) out (CLK, CE, RST, passed, P);
endmodule

// Locked from the start, and as fast as its reference: a simulation has one clock.
module EHXPLLL (
  input CLKI, CLKFB, RST, STDBY, PHASEDIR, PHASESTEP, PHASELOADREG, PLLWAKESYNC, ENCLKOP,
  input [1:0] PHASESEL,
  output CLKOP, CLKOS, LOCK
);
  assign {CLKOP, CLKOS, LOCK} = {CLKI, CLKI, 1'b1};
endmodule
