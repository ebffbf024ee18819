"""``onward formal``."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from onward.hw.spec.config import ConfigError

from .options import JsonFile, Markdown
from .report import check_target, write_json

__all__ = ["formal"]


def formal(
    proof: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this proof; may be repeated.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only proofs that take seconds.")] = False,
    timeout: Annotated[int, typer.Option(metavar="S", min=1, help="Seconds for one verdict of a solver.")] = 600,
    traces: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a waveform there of every claim that fails.")
    ] = None,
    markdown: Markdown = None,
    json: JsonFile = None,
) -> None:
    """Prove claims about the gateware, and that every known mutant breaks them: exit code 1 if one does not."""
    from rich.console import Console
    from rich.table import Table

    from onward.sim.document import update_section
    from onward.sim.formal.catalogue import PROOFS
    from onward.sim.formal.markdown import section
    from onward.sim.formal.runner import run_proof

    for target in (json, markdown):
        check_target(target)
    for name in proof or ():
        if name not in PROOFS:
            raise ConfigError(f"unknown proof {name!r}: use one of {', '.join(PROOFS)}")
    chosen = [each for each in PROOFS.values() if (not proof or each.name in proof) and (each.quick or not quick)]
    began = time.monotonic()
    results = []
    for number, each in enumerate(chosen, 1):
        elapsed = time.monotonic() - began
        typer.echo(f"[{number}/{len(chosen)}, {elapsed:.0f} s] {each.name}: {each.claim}")
        results.append(run_proof(each, lambda line: typer.echo(f"    {line}"), timeout=timeout, folder=traces))
    table = Table(title="Formal proofs")
    for heading in ("proof", "method", "verdict", "seconds", "mutants caught"):
        table.add_column(heading)
    report: list[dict[str, Any]] = []
    for result in results:
        caught = sum(mutant.caught for mutant in result.mutants)
        score = f"{caught} of {len(result.mutants)}"
        table.add_row(result.name, result.method, result.verdict.value, f"{result.seconds:.1f}", score)
        trace = None if result.trace is None else str(result.trace)
        report.append(asdict(result) | {"passed": result.passed, "trace": trace})
    Console().print(table)
    failures = [result.name for result in results if not result.passed]
    write_json(json, {"proofs": len(results), "failures": len(failures), "results": report})
    if markdown:
        update_section(markdown, "formal", section(chosen, results, time.monotonic() - began))
    typer.echo(f"{len(results)} proofs, {len(failures)} failures, {time.monotonic() - began:.0f} s")
    if failures:
        raise typer.Exit(1)
