"""One cycle of control over the scalar unit's datapath."""

from amaranth.lib import data, enum

from .aligner import AlignControl
from .element_stage import ElementControl
from .element_walk import WalkControl
from .function_table import TableControl
from .packer import PackControl

__all__ = ["ScalarControl", "Write"]


class Write(enum.Enum, shape=2):
    """What becomes of the value that the operation gives: the packed result for most of them."""

    NONE = 0
    RELAY = 1
    """it takes the place of the scalar read in the next cycle"""
    REGISTER = 2
    """it is written to the destination register"""


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
