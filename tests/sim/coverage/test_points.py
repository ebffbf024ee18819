"""What Verilator has counted, for each file of the gateware."""

from __future__ import annotations

from pathlib import Path

from onward import hw
from onward.sim.coverage.points import Points

SCANNER = f"{Path(hw.__path__[0]).resolve()}/core/scanner.py"
VERILOG = f"""(* src = "{SCANNER}:57" *)
module onward(clk, o);
  (* src = "{SCANNER}:72" *)
  reg [1:0] place = 2'h0;
  reg [1:0] \\$44 ;
  always @(posedge clk)
    place <= \\$44 ;
  always_comb begin
    \\$44  = place;
    if ((* src = "{SCANNER}:80" *) \\$27 ) begin
      \\$44  = other;
    end
  end
endmodule
(* src = "/elsewhere/fifo.py:3" *)
module other(clk);
  reg full;
endmodule
"""


def record(line: int, column: int, page: str, what: str, count: int) -> str:
    fields = {"f": "x.sv", "l": str(line), "n": str(column), "page": f"{page}/onward", "o": what, "h": "onward"}
    return "C '" + "".join(f"\1{name}\2{value}" for name, value in fields.items()) + f"' {count}\n"


def add(points: Points, folder: Path, taken: int, rises: int) -> None:
    (folder / "x.sv").write_text(VERILOG)
    counts = record(10, 5, "v_branch", "if", taken) + record(10, 6, "v_branch", "else", 3)
    counts += record(4, 3, "v_toggle", "place[0]:0->1", rises) + record(4, 3, "v_toggle", "place[0]:1->0", 0)
    counts += record(5, 3, "v_toggle", "__02444[0]:0->1", 1) + record(17, 3, "v_toggle", "full:0->1", 1)
    (folder / "coverage.dat").write_text("# SystemC::Coverage-3\n" + counts)
    points.add(folder / "x.sv", folder / "coverage.dat")


def test_one_simulation(tmp_path: Path) -> None:
    points = Points()
    add(points, tmp_path, taken=0, rises=2)
    (name,) = points.files
    assert name == "hw/core/scanner.py"
    file = points.files[name]
    assert list(file.lines.values()) == [False, True]
    assert file.toggles == {"place[0]:0->1": True, "place[0]:1->0": False}
    (missed,) = (file.where[key] for key, hit in file.lines.items() if not hit)
    assert missed == "hw/core/scanner.py:72, place, if: if (\\$27 ) begin"


def test_simulations_add_up(tmp_path: Path) -> None:
    points = Points()
    for taken, rises in ((0, 0), (1, 0), (0, 1)):
        add(points, tmp_path, taken, rises)
    file = points.files["hw/core/scanner.py"]
    assert list(file.lines.values()) == [True, True]
    assert file.toggles == {"place[0]:0->1": True, "place[0]:1->0": False}
