"""``onward info``."""

from __future__ import annotations

from typing import Annotated

import typer

from onward.hw.spec.presets import load_preset

from .options import JsonFile, RuleName
from .report import check_target, print_table, write_json

__all__ = ["info"]


def info(
    preset: Annotated[str, typer.Argument(metavar="PRESET", help="A preset's name, or the path of a .toml file.")],
    rule: RuleName = "ff",
    listing: Annotated[bool, typer.Option("--listing", help="Print the program, too.")] = False,
    json: JsonFile = None,
) -> None:
    """Sizes of a configuration, what a rule's program takes of them, and predicted cycles."""
    from onward.sw.driver.resources import describe_core
    from onward.sw.driver.rules import find_rule

    check_target(json)
    config = load_preset(preset)
    method = find_rule(rule)
    program = method.build(config, method.parameters)
    inference = method.build_inference(config, method.parameters)
    report = describe_core(program, inference)
    network = "-".join(map(str, (config.inputs, *config.hidden)))
    blocks = "single-port memories" if config.memory == "spram" else "block RAMs of 18 kbit"
    print_table(
        f"{config.name} ({rule})",
        [
            ("network", f"{network}, {config.classes} classes"),
            ("parameters", f"{report['parameters']:,}"),
            ("lanes", f"{config.lanes}"),
            ("multipliers", f"{report['multipliers']}"),
            ("weight rows used", f"{report['rows_used']:,} of {config.rows:,}"),
            ("weight memory", f"{report['weight_blocks']} {blocks}"),
            ("all memories", f"{report['memory_blocks']} {blocks}"),
            (
                "program used",
                f"training {report['program_used']}, inference {report['program_used_infer']}"
                f" of {config.program} instructions",
            ),
            (
                "formats",
                f"weight {config.weight_bits}, operand {config.operand_bits}, sum {config.accumulator_bits} bits",
            ),
            ("cycles a training sample", f"about {report['predicted_cycles_train']:,}"),
            ("cycles an inference", f"about {report['predicted_cycles_infer']:,}"),
            ("multiplier use in training", f"about {100 * report['predicted_mac_utilisation']:.0f} %"),
            (f"samples/s at {config.clock_mhz:g} MHz", f"about {report['predicted_samples_per_s']:,.0f}"),
        ],
    )
    if listing:
        typer.echo(program.listing())
        if inference != program:
            typer.echo(inference.listing())
    write_json(json, report)
