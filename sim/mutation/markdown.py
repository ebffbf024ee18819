"""The mutation score as a section of a document."""

from __future__ import annotations

from typing import Any

__all__ = ["section"]


def section(report: dict[str, Any]) -> str:
    """The section's text.

    Parameters
    ----------
    report : what ``onward mutation --json`` writes.
    """
    lines = [
        "## Mutation score",
        "",
        "A mutant is the gateware with one bit of one cell's port inverted, stuck, or mixed with another bit of it",
        "(`mutate` of yosys, on the netlist before synthesis, so that registers, multiplexers and memories are still",
        "there). Each runs against the benches of its module until something differs from their models. A survivor is",
        "*equivalent* if yosys proves by induction that all outputs stay the same, or if `sim/mutation/judged.toml`",
        "says why; any other is *open*, and counts against the benches.",
        "",
        f"`onward mutation --preset {report['preset']} --mutants {report['mutants_per_module']} "
        f"--seed {report['mutation_seed']} --effort {report['effort']:g}`: {report['caught']:,} of "
        f"{report['mutants']:,} mutants caught, in {report['simulated_s']:,.0f} s of simulation.",
        "",
        "| module | benches | mutants | caught | proved equivalent | argued | open | score |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in report["modules"]:
        lines.append(
            f"| `{each['module']}` | {', '.join(each['benches'])} | {each['mutants']} | {each['caught']} "
            f"| {each['proved_equivalent']} | {each['argued_equivalent']} | {each['open']} | {each['percent']:.1f} % |"
        )
    for judgement, title in (("open", "Open survivors"), ("argued", "Equivalent by argument")):
        found = [one for each in report["modules"] for one in each["survivors"] if one["judgement"] == judgement]
        if found:
            lines += ["", f"{title}:", ""]
            lines += [f"- `{one['mutant']}`{': ' if one['why'] else ''}{one['why']}" for one in found]
    return "\n".join(lines) + "\n"
