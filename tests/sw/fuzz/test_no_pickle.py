"""Nothing in the project reads pickle: a file of it runs whatever its writer wants."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parents[3]
FORBIDDEN = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
READERS = {("torch", "load"), ("torch", "save"), ("pandas", "read_pickle")}
"""Functions that read or write pickle under another name."""
SOURCES = [path for part in ("hw", "sw", "sim") for path in sorted((HERE / part).rglob("*.py"))]


def uses(text: str) -> list[str]:
    """What in a source has to do with pickle."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [each.name for each in node.names if each.name.partition(".")[0] in FORBIDDEN]
        elif isinstance(node, ast.ImportFrom):
            module = (node.module or "").partition(".")[0]
            found += [module] if module in FORBIDDEN else []
            found += [f"{module}.{each.name}" for each in node.names if (module, each.name) in READERS]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found += [f"{node.value.id}.{node.attr}"] if (node.value.id, node.attr) in READERS else []
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            constant = isinstance(node.value, ast.Constant) and node.value.value is False
            found += [] if constant else ["allow_pickle"]
    return found


def test_no_source_uses_pickle() -> None:
    assert len(SOURCES) > 150
    assert {str(path): found for path in SOURCES if (found := uses(path.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "import pickle as p",
        "from pickle import loads",
        "import joblib",
        "import torch\ntorch.load(path)",
        "from torch import load",
        "import numpy\nnumpy.load(path, allow_pickle=True)",
    ],
)
def test_each_way_to_pickle_is_noticed(text: str) -> None:
    assert uses(text)


def test_numpy_reads_none_unless_it_is_told_to(tmp_path: Path) -> None:
    path = tmp_path / "objects.npy"
    np.save(path, np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        np.load(path)
