"""Where on the FPGA the clusters' memories and multipliers are: placement hints for a synthesised netlist.

nextpnr moves block RAMs to free sites when everything else has its place, and drags whole clusters apart. With the
sites given, every lane grows beside its memory. Regions, which would say less, cannot be asked for: the nextpnr that
pip brings has no Python, and its constraint files have no statement for them; but a cell of a netlist may name its
site.
"""

from __future__ import annotations

import json
import math
import os
import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from onward.hw.spec.config import CoreConfig

from .errors import BuildError

__all__ = ["Floorplan", "Site", "place_clusters"]

_MEMORY = re.compile(r"(?:.*\.)?cluster_(\d+)\.weights\.memory\.\d+\.(\d+)")
_MULTIPLIER = re.compile(r"(?:.*\.)?cluster_(\d+)\.lane_(\d+)\.multiplier\.block")

_CENTRAL = 8
"""Multipliers in the middle that are not for lanes, if there are more than enough."""

Cells = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Site:
    """A place for one cell: column, row, and its name there."""

    x: int
    y: int
    name: str

    def __str__(self) -> str:
        return f"X{self.x}/Y{self.y}/{self.name}"


@dataclass(frozen=True)
class Floorplan:
    """Sites of an ECP5, row by row from top to bottom, each from left to right.

    Parameters
    ----------
    bands : how many clusters stand one above the other.
    block_rams : rows of DP16KD, all of one length; as many of them in every band.
    multipliers : of MULT18X18D.
    """

    bands: int
    block_rams: tuple[tuple[Site, ...], ...]
    multipliers: tuple[tuple[Site, ...], ...]

    @classmethod
    def load(cls, path: Path) -> Floorplan:
        """Read a file of ``constraints/floorplans``."""
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return cls(table["bands"], _rows(table["block_ram"]), _rows(table["multiplier"]))

    def block(self, cluster: int, clusters: int, count: int) -> list[Site]:
        """``count`` sites of block RAM for one of ``clusters`` clusters, in an order in which neighbours are near.

        The FPGA is cut into bands of rows, and these into as many columns as are needed. The order leads from a block's
        edge at the middle of the FPGA outward along one row and back along another. What all blocks leave over is in
        the middle, for the units that all clusters talk to: blocks are further out in the row nearest to it.

        Raises
        ------
        BuildError
            If a block has fewer sites.
        """
        columns = math.ceil(clusters / self.bands)
        band, column = divmod(cluster, columns)
        rows = self.block_rams[band * len(self.block_rams) // self.bands :][: len(self.block_rams) // self.bands]
        if band < self.bands - 1:
            rows = rows[::-1]
        wide, left = len(rows[0]) // columns, math.ceil(columns / 2)
        spare = min(wide, max(0, wide * len(rows) - count))
        beside, distance = (left, left - 1 - column) if column < left else (columns - left, column - left)
        sites: list[Site] = []
        for number, row in enumerate(rows):
            outward = row[: wide * left][::-1] if column < left else row[wide * left :]
            if number == 0:
                begin, length = beside * spare + distance * (wide - spare), wide - spare
            else:
                begin, length = distance * wide, wide
            part = outward[begin : begin + length]
            sites += part if number % 2 == 0 else part[::-1]
        if len(sites) < count:
            raise BuildError(f"a cluster has {count} block RAMs, and its part of the floorplan {len(sites)}")
        return sites[len(sites) - count :]


def place_clusters(netlist: Path, config: CoreConfig, floorplan: Floorplan) -> int:
    """Give every weight memory and every lane's multiplier in a netlist its site; returns how many there are.

    The same netlist and floorplan give the same file.

    Parameters
    ----------
    netlist : JSON as yosys writes it after ``synth_ecp5``, flat; replaced when complete.
    config : of the core in it.
    floorplan : of the FPGA.

    Raises
    ------
    BuildError
        If a cluster's memory or a lane's multiplier is not in the netlist, or there are too few sites.
    """
    design = json.loads(netlist.read_text(encoding="utf-8"))
    module = max(design["modules"].values(), key=lambda each: len(each.get("cells", ())))
    cells: Cells = module["cells"]
    memories, clusters = _memories(cells), math.ceil(config.lanes / config.cluster_lanes)
    if sorted(memories) != list(range(clusters)):
        raise BuildError(f"the netlist has weights in block RAM for clusters {sorted(memories)}, not for {clusters}")

    wishes: dict[tuple[int, int], np.ndarray] = {}
    for cluster, members in memories.items():
        sites = floorplan.block(cluster, clusters, len(members))
        lanes = min(config.cluster_lanes, config.lanes - cluster * config.cluster_lanes)
        width = int(cells[members[0]]["parameters"]["DATA_WIDTH_A"], 2)
        wide = math.ceil(lanes * config.weight_bits / width)
        deep = math.ceil(len(members) / wide)
        # Those that hold the same bits of different rows are side by side.
        order = sorted(range(len(members)), key=lambda number: (number % wide, number // wide))
        for site, number in zip(sites, order, strict=True):
            cells[members[number]]["attributes"]["BEL"] = str(site)
        for lane in range(lanes):
            bits = range(lane * config.weight_bits, (lane + 1) * config.weight_bits)
            near = [sites[min(deep * (bit // width), len(sites) - 1)] for bit in bits]
            wishes[cluster, lane] = np.mean([(site.x, site.y) for site in near], axis=0)

    _place_multipliers(cells, wishes, [site for row in floorplan.multipliers for site in row])
    part = netlist.with_name(f".{netlist.name}.part")
    part.write_text(json.dumps(design), encoding="utf-8")
    os.replace(part, netlist)
    return sum(map(len, memories.values())) + len(wishes)


def _place_multipliers(cells: Cells, wishes: dict[tuple[int, int], np.ndarray], sites: list[Site]) -> None:
    """Sites for the multipliers of (cluster, lane), near where each wishes to be, and none very far."""
    found = _multipliers(cells)
    missing = sorted(set(wishes) - set(found))
    if missing:
        cluster, lane = missing[0]
        raise BuildError(f"the netlist has no multiplier for lane {lane} of cluster {cluster} ({len(missing)} missing)")
    if len(sites) < len(wishes):
        raise BuildError(f"{len(wishes)} lanes need a multiplier each, and the floorplan has {len(sites)}")
    # The middle is left to multipliers that no lane has.
    everywhere = np.array([(site.x, site.y) for site in sites])
    off_centre = np.abs(everywhere - everywhere.mean(axis=0)).sum(axis=1)
    spare = min(_CENTRAL, len(sites) - len(wishes))
    sites = [sites[number] for number in sorted(np.argsort(off_centre, kind="stable")[spare:])]
    places = np.array([(site.x, site.y) for site in sites])
    distances = np.abs(np.array(list(wishes.values()))[:, None] - places).sum(axis=2)
    chosen = linear_sum_assignment(distances**1.5)[1]
    for key, number in zip(wishes, chosen, strict=True):
        cells[found[key]]["attributes"]["BEL"] = str(sites[number])


def _memories(cells: Cells) -> dict[int, list[str]]:
    """Names of the block RAMs of each cluster's weights, in the order of their numbers."""
    numbered = defaultdict(list)
    for name, cell in cells.items():
        match = _MEMORY.fullmatch(name)
        if match and cell["type"] == "DP16KD":
            numbered[int(match[1])].append((int(match[2]), name))
    return {cluster: [name for _, name in sorted(numbered[cluster])] for cluster in sorted(numbered)}


def _multipliers(cells: Cells) -> dict[tuple[int, int], str]:
    """Names of the lanes' multipliers by cluster and lane."""
    matches = ((_MULTIPLIER.fullmatch(name), name) for name in cells)
    return {(int(match[1]), int(match[2])): name for match, name in matches if match}


def _rows(table: dict[str, Any]) -> tuple[tuple[Site, ...], ...]:
    return tuple(
        tuple(Site(column + offset, y, name) for column in table["columns"] for offset, name in table["sites"])
        for y in table["rows"]
    )
