"""Sites of memories and multipliers, in a netlist of nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from onward import constraints
from onward.hw.boards.errors import BuildError
from onward.hw.boards.floorplan import Floorplan, Site, place_clusters
from onward.hw.spec.config import CoreConfig
from onward.hw.spec.presets import load_preset

PLAN = Floorplan.load(Path(constraints.__path__[0]) / "floorplans" / "lfe5u-85f.toml")
RAM_BITS = 9


def netlist(config: CoreConfig, deep: int) -> dict:
    """The cells that matter of a core whose memories are ``deep`` block RAMs deep, and two that no cluster has."""
    cells: dict[str, dict] = {}
    cells["bytes.core.samples.memory.0.0"] = cell("DP16KD", DATA_WIDTH_A=f"{RAM_BITS:032b}")
    cells["bytes.core.other.block"] = cell("MULT18X18D")
    for cluster in range(config.lanes // config.cluster_lanes):
        path = f"bytes.core.cluster_{cluster}"
        wide = -(-config.cluster_lanes * config.weight_bits // RAM_BITS)
        for number in reversed(range(wide * deep)):
            cells[f"{path}.weights.memory.0.{number}"] = cell("DP16KD", DATA_WIDTH_A=f"{RAM_BITS:032b}")
        for lane in range(config.cluster_lanes):
            cells[f"{path}.lane_{lane}.multiplier.block"] = cell("MULT18X18D")
    return {"creator": "yosys", "modules": {"cell": {}, "top": {"cells": cells}}}


def cell(kind: str, **parameters: str) -> dict:
    return {"type": kind, "parameters": parameters, "attributes": {}}


def placed(path: Path) -> dict[str, Site]:
    """Sites by name of the cell."""
    cells = json.loads(path.read_text())["modules"]["top"]["cells"]
    sites = {}
    for name, each in cells.items():
        if "BEL" in each["attributes"]:
            x, y, bel = re.fullmatch(r"X(\d+)/Y(\d+)/(\w+)", each["attributes"]["BEL"]).groups()
            sites[name] = Site(int(x), int(y), bel)
    return sites


@pytest.fixture(params=["ulx3s-85f", "ulx3s-85f-64"])
def built(request, tmp_path: Path) -> tuple[CoreConfig, int, Path]:
    config = load_preset(request.param)
    deep = config.rows // 2048
    path = tmp_path / "onward.json"
    path.write_text(json.dumps(netlist(config, deep)))
    return config, deep, path


def test_the_85f_has_208_block_rams_and_156_multipliers():
    assert len({site for row in PLAN.block_rams for site in row}) == 208
    assert len({site for row in PLAN.multipliers for site in row}) == 156


def test_every_memory_and_lane_has_a_site_of_its_own_and_nothing_else_has(built):
    config, deep, path = built
    count = place_clusters(path, config, PLAN)
    sites = placed(path)
    wide = -(-config.cluster_lanes * config.weight_bits // RAM_BITS)
    assert count == len(sites) == len(set(sites.values()))
    assert count == config.lanes + wide * deep * (config.lanes // config.cluster_lanes)
    assert "bytes.core.other.block" not in sites and "bytes.core.samples.memory.0.0" not in sites
    assert all(("EBR" in site.name) == ("memory" in name) for name, site in sites.items())


def test_clusters_have_blocks_of_their_own_and_lanes_are_near_their_weights(built):
    config, _, path = built
    place_clusters(path, config, PLAN)
    sites = placed(path)
    blocks = {}
    for cluster in range(config.lanes // config.cluster_lanes):
        own = [site for name, site in sites.items() if f"cluster_{cluster}.weights" in name]
        blocks[cluster] = {y: range(min(xs), max(xs) + 1) for y in {s.y for s in own} if (xs := _columns(own, y))}
        for lane in range(config.cluster_lanes):
            first = lane * config.weight_bits // RAM_BITS
            memory = sites[f"bytes.core.cluster_{cluster}.weights.memory.0.{first}"]
            multiplier = sites[f"bytes.core.cluster_{cluster}.lane_{lane}.multiplier.block"]
            assert abs(memory.x - multiplier.x) + abs(memory.y - multiplier.y) < 50
    for cluster, rows in blocks.items():
        for other in range(cluster):
            for y in set(rows) & set(blocks[other]):
                assert not set(rows[y]) & set(blocks[other][y])


def _columns(sites: list[Site], row: int) -> list[int]:
    return [site.x for site in sites if site.y == row]


def test_what_no_cluster_has_is_in_the_middle(built):
    config, _, path = built
    place_clusters(path, config, PLAN)
    taken = set(placed(path).values())
    free = sorted((site.x, site.y) for row in PLAN.block_rams for site in row if site not in taken)
    assert len(free) == 8
    assert {y for _, y in free} == {46, 70} and all(58 <= x <= 64 for x, _ in free)
    multipliers = [site for row in PLAN.multipliers for site in row if site not in taken]
    assert sum(50 <= site.x <= 72 for site in multipliers) >= 8


def test_rows_of_the_same_bits_are_neighbours(tmp_path):
    config = load_preset("ulx3s-85f-64")
    path = tmp_path / "onward.json"
    path.write_text(json.dumps(netlist(config, 2)))
    place_clusters(path, config, PLAN)
    sites = placed(path)
    wide = -(-config.cluster_lanes * config.weight_bits // RAM_BITS)
    for number in range(wide):
        one, other = (sites[f"bytes.core.cluster_1.weights.memory.0.{index}"] for index in (number, number + wide))
        assert abs(one.x - other.x) + abs(one.y - other.y) <= 24


def test_the_same_netlist_gives_the_same_file(built):
    config, _, path = built
    before = path.read_bytes()
    place_clusters(path, config, PLAN)
    first = path.read_bytes()
    path.write_bytes(before)
    place_clusters(path, config, PLAN)
    assert path.read_bytes() == first


def test_what_does_not_fit_is_said_and_changes_nothing(tmp_path):
    config = load_preset("ulx3s-85f-64")
    path = tmp_path / "onward.json"
    design = netlist(config, 2)
    path.write_text(json.dumps(design))
    before = path.read_bytes()
    with pytest.raises(BuildError, match=r"weights in block RAM for clusters \[0, 1, 2, 3\], not for 8"):
        place_clusters(path, replace(config, lanes=128), PLAN)
    few = replace(PLAN, block_rams=tuple(row[:40] for row in PLAN.block_rams))
    with pytest.raises(BuildError, match="a cluster has 50 block RAMs, and its part of the floorplan 40"):
        place_clusters(path, config, few)
    few = replace(PLAN, multipliers=(PLAN.multipliers[0][:30],))
    with pytest.raises(BuildError, match="64 lanes need a multiplier each, and the floorplan has 30"):
        place_clusters(path, config, few)
    assert path.read_bytes() == before
    del design["modules"]["top"]["cells"]["bytes.core.cluster_2.lane_7.multiplier.block"]
    path.write_text(json.dumps(design))
    with pytest.raises(BuildError, match=r"no multiplier for lane 7 of cluster 2 \(1 missing\)"):
        place_clusters(path, config, PLAN)
