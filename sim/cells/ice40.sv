// Cells of the iCE40 UltraPlus that synthesis maps to, as Lattice describes them (SB library, FPGA-TN-02295 DSP,
// FPGA-TN-02022 SPRAM), without timing. What silicon leaves undefined comes out wrong on purpose.

module SB_CARRY (input [1:0] I, input CI, output CO);
  assign CO = (I[0] & I[1]) | (CI & (I[0] | I[1]));
endmodule

module SB_GB (input USER_SIGNAL_TO_GLOBAL_BUFFER, output GLOBAL_BUFFER_OUTPUT);
  assign GLOBAL_BUFFER_OUTPUT = USER_SIGNAL_TO_GLOBAL_BUFFER;
endmodule

// Flip-flops: E waits for an enable; S and R set and reset, at once, or after a leading S in step with the clock.
module SB_DFF (input C, D, output logic Q);
  initial Q = 0;
  always_ff @(posedge C) Q <= D;
endmodule

module SB_DFFE (input C, E, D, output logic Q);
  initial Q = 0;
  always_ff @(posedge C) if (E) Q <= D;
endmodule

module SB_DFFSR (input C, R, D, output logic Q);
  initial Q = 0;
  always_ff @(posedge C) Q <= R ? 1'b0 : D;
endmodule

module SB_DFFSS (input C, S, D, output logic Q);
  initial Q = 0;
  always_ff @(posedge C) Q <= S ? 1'b1 : D;
endmodule

module SB_DFFESR (input C, E, R, D, output logic Q);
  initial Q = 0;
  always_ff @(posedge C) if (E) Q <= R ? 1'b0 : D;
endmodule

module SB_DFFESS (input C, E, S, D, output logic Q);
  initial Q = 0;
  always_ff @(posedge C) if (E) Q <= S ? 1'b1 : D;
endmodule

module SB_DFFR (input C, R, D, output logic Q);
  initial Q = 0;
  always_ff @(posedge C, posedge R) if (R) Q <= 0; else Q <= D;
endmodule

module SB_DFFS (input C, S, D, output logic Q);
  initial Q = 0;
  always_ff @(posedge C, posedge S) if (S) Q <= 1; else Q <= D;
endmodule

module SB_DFFER (input C, E, R, D, output logic Q);
  initial Q = 0;
  always_ff @(posedge C, posedge R) if (R) Q <= 0; else if (E) Q <= D;
endmodule

module SB_DFFES (input C, E, S, D, output logic Q);
  initial Q = 0;
  always_ff @(posedge C, posedge S) if (S) Q <= 1; else if (E) Q <= D;
endmodule

// 256 words of 16 bits; narrower words are spread over a word, so that each has a place in every mode.
module SB_RAM40_4K #(
  parameter WRITE_MODE = 0,
  parameter READ_MODE = 0,
  parameter [4095:0] INIT = 0
) (
  input RCLK, RCLKE, RE, WCLK, WCLKE, WE,
  input [10:0] RADDR, WADDR,
  input [15:0] MASK, WDATA,
  output [15:0] RDATA
);
  // Of every 2, 4 or 8 bits of a word, a narrow word takes the one that the upper address bits choose.
  localparam int WRITE_SPREAD = 1 << WRITE_MODE, READ_SPREAD = 1 << READ_MODE;
  logic [15:0] words[256];
  logic [15:0] taken = 0;
  logic [2:0] chosen = 0;
  initial for (int i = 0; i < 256; i = i + 1) words[i] = INIT[16 * i +: 16];

  wire [2:0] place = 3'(WADDR[10:8] % WRITE_SPREAD);
  logic [15:0] data, enabled;
  always_comb
    for (int i = 0; i < 16; i = i + 1) begin
      // A narrow word arrives at the middle of the bits that it may go to.
      data[i] = WRITE_MODE == 0 ? WDATA[i] : WDATA[i / WRITE_SPREAD * WRITE_SPREAD + port(WRITE_MODE)];
      enabled[i] = WRITE_MODE == 0 ? ~MASK[i] : i % WRITE_SPREAD == int'(place);
    end

  function automatic int port(input int mode);
    return mode == 1 ? 0 : mode == 2 ? 1 : 3;
  endfunction

  always_ff @(posedge WCLK)
    if (WCLKE && WE) words[WADDR[7:0]] <= (words[WADDR[7:0]] & ~enabled) | (data & enabled);

  always_ff @(posedge RCLK)
    if (RCLKE && RE) begin
      taken <= WCLKE && WE && RADDR[7:0] == WADDR[7:0] ? words[RADDR[7:0]] ^ enabled : words[RADDR[7:0]];
      chosen <= RADDR[10:8];
    end

  logic [15:0] out;
  assign RDATA = out;
  always_comb begin
    out = READ_MODE == 0 ? taken : 0;
    if (READ_MODE != 0)
      for (int i = 0; i < 16; i = i + READ_SPREAD)
        out[i + port(READ_MODE)] = taken[i + int'(chosen) % READ_SPREAD];
  end
endmodule

module SB_SPRAM256KA (
  input [13:0] ADDRESS,
  input [15:0] DATAIN,
  input [3:0] MASKWREN,
  input WREN, CHIPSELECT, CLOCK, STANDBY, SLEEP, POWEROFF,
  output logic [15:0] DATAOUT
);
  logic [15:0] words[16384];
  wire [15:0] enabled = {{4{MASKWREN[3]}}, {4{MASKWREN[2]}}, {4{MASKWREN[1]}}, {4{MASKWREN[0]}}};
  // POWEROFF is low when power is off. Contents of the silicon are random at first.
  initial begin
    for (int i = 0; i < 16384; i = i + 1) words[i] = 16'(i * 40503);
    DATAOUT = 0;
  end
  always_ff @(posedge CLOCK)
    if (CHIPSELECT && !STANDBY && !SLEEP && POWEROFF) begin
      if (WREN) begin
        words[ADDRESS] <= (words[ADDRESS] & ~enabled) | (DATAIN & enabled);
        DATAOUT <= ~words[ADDRESS];  // undefined in silicon
      end else DATAOUT <= words[ADDRESS];
    end
endmodule

module ice40_stage #(parameter WIDTH = 16, parameter bit USED = 0) (
  input clock, reset, enable,
  input [WIDTH-1:0] i,
  output [WIDTH-1:0] o
);
  if (USED) begin : register
    logic [WIDTH-1:0] kept = 0;
    always_ff @(posedge clock, posedge reset) if (reset) kept <= 0; else if (enable) kept <= i;
    assign o = kept;
  end else begin : bypass
    assign o = i;
  end
endmodule

module SB_MAC16 #(
  parameter bit NEG_TRIGGER = 0, C_REG = 0, A_REG = 0, B_REG = 0, D_REG = 0,
  parameter bit TOP_8x8_MULT_REG = 0, BOT_8x8_MULT_REG = 0,
  parameter bit PIPELINE_16x16_MULT_REG1 = 0, PIPELINE_16x16_MULT_REG2 = 0,
  parameter [1:0] TOPOUTPUT_SELECT = 0, TOPADDSUB_LOWERINPUT = 0,
  parameter bit TOPADDSUB_UPPERINPUT = 0,
  parameter [1:0] TOPADDSUB_CARRYSELECT = 0, BOTOUTPUT_SELECT = 0, BOTADDSUB_LOWERINPUT = 0,
  parameter bit BOTADDSUB_UPPERINPUT = 0,
  parameter [1:0] BOTADDSUB_CARRYSELECT = 0,
  parameter bit MODE_8x8 = 0, A_SIGNED = 0, B_SIGNED = 0
) (
  input CLK, CE,
  input [15:0] A, B, C, D,
  input AHOLD, BHOLD, CHOLD, DHOLD, IRSTTOP, IRSTBOT, ORSTTOP, ORSTBOT, OLOADTOP, OLOADBOT, ADDSUBTOP, ADDSUBBOT,
  input OHOLDTOP, OHOLDBOT, CI, ACCUMCI, SIGNEXTIN,
  output [31:0] O,
  output CO, ACCUMCO, SIGNEXTOUT
);
  if (NEG_TRIGGER) $error("no model of an SB_MAC16 with an inverted clock");
  wire [15:0] a, b, c, d;
  ice40_stage #(16, A_REG) stage_a (CLK, IRSTTOP, CE & ~AHOLD, A, a);
  ice40_stage #(16, B_REG) stage_b (CLK, IRSTBOT, CE & ~BHOLD, B, b);
  ice40_stage #(16, C_REG) stage_c (CLK, IRSTTOP, CE & ~CHOLD, C, c);
  ice40_stage #(16, D_REG) stage_d (CLK, IRSTBOT, CE & ~DHOLD, D, d);

  // Four products of bytes; the lower bytes have no sign of their own unless the halves are used apart.
  wire signed [8:0] ah = {A_SIGNED & a[15], a[15:8]}, al = {A_SIGNED & MODE_8x8 & a[7], a[7:0]};
  wire signed [8:0] bh = {B_SIGNED & b[15], b[15:8]}, bl = {B_SIGNED & MODE_8x8 & b[7], b[7:0]};
  wire signed [17:0] hh = ah * bh, hl = ah * bl, lh = al * bh, ll = al * bl;
  wire [17:0] f, g, j, k;
  ice40_stage #(18, TOP_8x8_MULT_REG) stage_f (CLK, IRSTTOP, CE, hh, f);
  ice40_stage #(18, BOT_8x8_MULT_REG) stage_g (CLK, IRSTBOT, CE, ll, g);
  ice40_stage #(18, PIPELINE_16x16_MULT_REG1) stage_j (CLK, IRSTTOP, CE, hl, j);
  ice40_stage #(18, PIPELINE_16x16_MULT_REG1) stage_k (CLK, IRSTTOP, CE, lh, k);
  wire [31:0] sum = (32'($signed(f)) << 16) + (32'($signed(j)) << 8) + (32'($signed(k)) << 8) + 32'($signed(g));
  wire [31:0] product;
  ice40_stage #(32, PIPELINE_16x16_MULT_REG2) stage_h (CLK, IRSTBOT, CE, sum, product);

  logic [15:0] top = 0, bottom = 0;
  logic [15:0] x, z;
  wire [15:0] w = TOPADDSUB_UPPERINPUT ? c : top, y = BOTADDSUB_UPPERINPUT ? d : bottom;
  logic low_in, high_in;
  wire [16:0] low = {1'b0, y ^ {16{ADDSUBBOT}}} + {1'b0, z} + 17'(low_in);
  wire [16:0] high = {1'b0, w ^ {16{ADDSUBTOP}}} + {1'b0, x} + 17'(high_in);
  always_comb begin
    case (BOTADDSUB_LOWERINPUT)
      0: z = b;
      1: z = g[15:0];
      2: z = product[15:0];
      default: z = {16{SIGNEXTIN}};
    endcase
    case (TOPADDSUB_LOWERINPUT)
      0: x = a;
      1: x = f[15:0];
      2: x = product[31:16];
      default: x = {16{z[15]}};
    endcase
    case (BOTADDSUB_CARRYSELECT)
      0: low_in = 0;
      1: low_in = 1;
      2: low_in = ACCUMCI;
      default: low_in = CI;
    endcase
  end
  always_comb
    case (TOPADDSUB_CARRYSELECT)
      0: high_in = 0;
      1: high_in = 1;
      2: high_in = low[16];
      default: high_in = low[16] ^ ADDSUBBOT;
    endcase
  wire [15:0] new_top = OLOADTOP ? c : high[15:0] ^ {16{ADDSUBTOP}};
  wire [15:0] new_bottom = OLOADBOT ? d : low[15:0] ^ {16{ADDSUBBOT}};
  always_ff @(posedge CLK, posedge ORSTTOP) if (ORSTTOP) top <= 0; else if (CE && !OHOLDTOP) top <= new_top;
  always_ff @(posedge CLK, posedge ORSTBOT) if (ORSTBOT) bottom <= 0; else if (CE && !OHOLDBOT) bottom <= new_bottom;

  function automatic [15:0] choose(
    input [1:0] select, input [15:0] sum_now, input [15:0] kept, input [15:0] small_product, input [15:0] whole
  );
    case (select)
      0: return sum_now;
      1: return kept;
      2: return small_product;
      default: return whole;
    endcase
  endfunction

  assign O[31:16] = choose(TOPOUTPUT_SELECT, new_top, top, f[15:0], product[31:16]);
  assign O[15:0] = choose(BOTOUTPUT_SELECT, new_bottom, bottom, g[15:0], product[15:0]);
  assign CO = high[16] ^ ADDSUBTOP;
  assign ACCUMCO = high[16];
  assign SIGNEXTOUT = x[15];
endmodule

// Locked from the start, and as fast as its reference: a simulation has one clock.
module SB_PLL40_PAD (input PACKAGEPIN, RESETB, BYPASS, output PLLOUTGLOBAL, LOCK);
  assign {PLLOUTGLOBAL, LOCK} = {PACKAGEPIN, 1'b1};
endmodule
