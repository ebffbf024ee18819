"""One cycle of control over the scalar unit's datapath."""

from amaranth.lib import data, enum

from .aligner import AlignControl
from .element_stage import ElementControl
from .element_walk import WalkControl
from .function_table import TableControl
from .packer import PackControl

__all__ = ["ScalarControl", "Write"]


class Write(enum.Enum, shape=3):
    """What is written to the destination register."""

    NONE = 0
    RESULT = 1
    """the packed result"""
    FIRST = 2
    """the first operand, to the second source register"""
    IMMEDIATE = 3
    REDUCED = 4


ScalarControl = data.StructLayout(
    {
        "table": TableControl,
        "align": AlignControl,
        "pack": PackControl,
        "element": ElementControl,
        "walk": WalkControl,
        "write": Write,
    }
)
"""All zeros do nothing, so that the controls of several sequencers, of which one at most is active, can be ORed."""
