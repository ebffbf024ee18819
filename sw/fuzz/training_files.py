"""The files of a training that was killed, valid and hostile."""

from __future__ import annotations

import hashlib
import json
import random
import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from onward.hw.spec.config import CoreConfig
from onward.sw.driver.checkpoint import Checkpoint
from onward.sw.driver.plan import Plan
from onward.sw.driver.recipe import Recipe
from onward.sw.driver.rules import find_rule
from onward.sw.driver.training_state import TrainingState

from .mutations import hostile_json, mutate_bytes

__all__ = ["checkpoint_bytes", "mutate_checkpoint", "mutate_plan", "plan_bytes"]

_CONFIG = CoreConfig(
    name="least", inputs=4, hidden=(2,), classes=2, lanes=2, rows=32, group=1, vectors=16, elements=16, program=256
)
"""As small as programs allow: what a checkpoint is checked against is computed from it each time."""

_RULE = "sigprop"
_IMAGES, _SAMPLES = 10, 40
_DTYPES = ("F64", "F32", "F16", "BF16", "I64", "U64", "I32", "U32", "I16", "U16", "I8", "U8", "BOOL", "F8_E4M3", "X")


def plan_bytes(tensorboard: bool = False) -> bytes:
    """``training.json`` of the training."""
    plan = Plan(_CONFIG, _recipe(), "mnist-small", "00" * 32, validation=5, test=7, tensorboard=tensorboard)
    return json.dumps(plan.to_values() | {"resumed": 1}, indent=2).encode()


def checkpoint_bytes(steps: int) -> bytes:
    """Its checkpoint after so many steps; the one that it leaves in the end if they are none."""
    recipe = _recipe()
    program = recipe.method.build(_CONFIG, recipe.parameters)
    rows = recipe.method.initial_weights(program, steps)[: program.map.used]
    point = {"samples": steps, "validation_error_goodness": 50.0, "validation_error_readout": 60.0}
    guesses = np.arange(steps, dtype=np.int64) % 2
    state = TrainingState(steps, guesses, {"cycles": None, "samples": steps}, 1.5, (point,)) if steps else None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.safetensors"
        Checkpoint.from_rows(_CONFIG, recipe, "mnist-small", program.map, rows, state).save(path)
        return _ordered(path.read_bytes())


def mutate_plan(rng: random.Random, data: bytes) -> bytes:
    """A hostile ``training.json``."""
    values = _json(data)
    if rng.random() < 0.3 or values is None:
        return mutate_bytes(rng, data)
    return hostile_json(rng, values).encode(errors="surrogatepass")


def mutate_checkpoint(rng: random.Random, data: bytes) -> bytes:
    """A hostile checkpoint; often with hashes that are right again."""
    size = int.from_bytes(data[:8], "little")
    header = _json(data[8 : 8 + size])
    kind = rng.random()
    if kind < 0.35 or not isinstance(header, dict) or not isinstance(header.get("__metadata__"), dict):
        return mutate_bytes(rng, data)
    tensors = data[8 + size :]
    if kind < 0.45:
        return _pack(header, mutate_bytes(rng, tensors))
    if kind < 0.6:
        return _join(hostile_json(rng, header), tensors)
    if kind < 0.7:
        for name, entry in header.items():
            if name != "__metadata__" and isinstance(entry, dict) and rng.random() < 0.4:
                entry["dtype"] = rng.choice(_DTYPES)
        return _pack(header, tensors)
    metadata = header["__metadata__"]
    key = rng.choice(list(metadata) or ["version"])
    inner = _json(str(metadata.get(key)).encode(errors="replace"))
    if isinstance(inner, dict) and rng.random() < 0.9:
        metadata[key] = hostile_json(rng, inner)
        if rng.random() < 0.7:
            _seal(metadata, _pack(header, tensors))
    else:
        metadata[key] = rng.choice(("", "1", "[]", '"x"', "null", "a\nb", "\x1b[2J", "[" * 9999, "9" * 5000, "NaN"))
    return _pack(header, tensors)


def _seal(metadata: dict[str, Any], file: bytes) -> None:
    """Make the hashes over what was changed right, as someone who knows the format would."""
    state, preset = _json(str(metadata.get("state")).encode()), _json(str(metadata.get("preset")).encode())
    try:
        if isinstance(preset, dict):
            values = {key: value for key, value in preset.items() if key != "name"}
            metadata["config_digest"] = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
        if isinstance(state, dict) and state.pop("sha256", None):
            guesses = load(file).get("training.guesses", np.zeros(0)).astype("<i8").tobytes()
            text = json.dumps(state, sort_keys=True).encode()
            metadata["state"] = json.dumps(state | {"sha256": hashlib.sha256(text + guesses).hexdigest()})
    except (SafetensorError, ValueError, TypeError, KeyError):
        pass  # it has become unreadable, which is hostile enough


def _ordered(data: bytes) -> bytes:
    """The same file with its metadata in order, which it else has in another one each time."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    return _pack(header | {"__metadata__": dict(sorted(header["__metadata__"].items()))}, data[8 + size :])


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _pack(header: dict[str, Any], tensors: bytes) -> bytes:
    return _join(json.dumps(header), tensors)


def _join(header: str, tensors: bytes) -> bytes:
    raw = header.encode(errors="surrogatepass")
    return struct.pack("<Q", len(raw)) + raw + tensors


def _recipe() -> Recipe:
    return Recipe(_RULE, _IMAGES, _SAMPLES, find_rule(_RULE).parameters, seed=3)
