"""Passes of the predictive forward-forward rule's generative circuit: learning, reconstruction, synthesis.

Each layer predicts the one below from its own normalised activities, and learns from its own error::

    c  = LN(z2) Gy^T         tied code          e2 = relu(LN(relu(c)) Gy) - LN(z2)
    e1 = relu(LN(z2) G2) - z1                   e0 = clip01(LN(z1) G1) - x

G1 has a row for each pixel: a pixel is a sum over the lanes (ROWS), and its row learns from its error (RESIDUAL).
"""

from __future__ import annotations

from onward.hw.spec.config import ConfigError
from onward.hw.spec.isa import Op, Source, Store
from onward.hw.spec.memory_map import Matrix

from .pff_circuit import Circuit, Layer, Place, uniform_range

__all__ = ["IMAGE_WORD", "GeneratorPasses"]

IMAGE_WORD = 0
"""First of the vector words that hold the pixels in the end of the entries that make images."""


class GeneratorPasses:
    """Emits the passes of the generative circuit.

    Entries: ``reconstruct`` makes the image again that the current sample's last layer remembers,
    ``reconstruct_first`` the one of its first layer, ``decode`` the image of a code: its sample is the code. Pixels
    are vector-format numbers from word :data:`IMAGE_WORD` on, not clipped. ``code`` leaves the sample's tied code as
    results. All start without a label.
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit, self.asm, self.config = circuit, circuit.asm, circuit.config
        self.codes = circuit.parameters.codes
        for room, what in ((self.config.results, "result words"), (self.config.inputs, "inputs")):
            if self.codes > room:
                raise ConfigError(f"{self.config.name}: codes must be at most its {room} {what}, not {self.codes}")
        inputs = self.config.inputs
        self.G: dict[int, Matrix] = {}
        for layer in circuit.layers:
            # Pixel j is the sum over row j: the image layer has its pixels in rows, the others their inputs.
            shape = (inputs, layer.units) if layer.number == 1 else (layer.units, inputs)
            self.G[layer.number] = self.asm.map.add(f"G{layer.number}", *shape)
            inputs = layer.units
        self.Gy = self.asm.map.add("Gy", self.codes, circuit.top.units)
        self.code_elements = self.asm.elements("code", self.codes)
        self.code_word = self.asm.vector("code", self.codes)
        self.pixels = self.asm.elements("pixels", self.config.inputs)

    # learning -----------------------------------------------------------------------------------------------------

    def learn(self, place: Place, free: Place) -> None:
        """All layers learn to predict the activities in ``place`` and the sample; ``free`` words are overwritten."""
        circuit, parameters = self.circuit, self.circuit.parameters
        for layer in reversed(circuit.layers[1:]):
            below = circuit.layers[layer.number - 2]
            target, error = place.words[below.number - 1], free.words[below.number - 1]
            source, norm = self._noisy(layer, place, free)
            self._predict(self.G[layer.number], source, layer.units, norm, error)
            self._subtract(below, target, "one", error)
            self._learn(self.G[layer.number], source, layer.units, norm, error, parameters.prediction_rate)
        self._learn_code(place, free)
        source, norm = self._image_source(place, free)
        self._learn_image(source, norm)

    def _noisy(self, layer: Layer, place: Place, free: Place) -> tuple[int, str]:
        """Word and 1/norm of relu(z + noise): of z itself without noise."""
        asm, deviation = self.asm, self.circuit.parameters.generator_noise
        word, norm = place.words[layer.number - 1], place.norms[layer.number - 1]
        if not deviation:
            return word, norm
        asm.constant("t1", uniform_range(deviation))
        target = free.words[layer.number - 1]
        for tile in range(layer.tiles):
            asm.emit(Op.MACV, "z + noise", init=1, s=asm.scalar("one"), p1=word + tile)
            asm.emit(Op.NOISE, "z + noise", s=asm.scalar("t1"))
            asm.emit(Op.ST, "relu(z + noise)", store=Store.RELU, p1=target + tile)
        self.circuit.goodness("t2", target, layer)
        asm.compute(Op.RSQ, "t2", "t2")
        return target, "t2"

    def _image_source(self, place: Place, free: Place) -> tuple[int, str]:
        """Word and 1/norm of the activities that G1 learns from."""
        circuit, asm, choice = self.circuit, self.asm, self.circuit.parameters.image_from
        first, second = circuit.layers[:2]
        if choice == "own":
            return self._noisy(first, place, free)
        # The prediction, once more: its error has been made of it.
        word, above = free.words[0], place.words[1]
        self._predict(self.G[2], above, second.units, place.norms[1], word)
        circuit.goodness("t2", word, first)
        asm.compute(Op.RSQ, "t2", "t2")
        if choice == "either":
            drawn = asm.index("drawn", 3)
            asm.emit(Op.DRAW, "0 or 1", d=drawn, e=circuit.ones, n=2)
            asm.emit(Op.ADDI, "1 or 2", d=drawn, ri=drawn, imm=1)
            branch = len(asm.instructions)
            asm.emit(Op.LOOP, "2: from the prediction", d=drawn, imm=branch)
            own, norm = self._noisy(first, place, free)
            for tile in range(first.tiles):
                circuit.combine("from z1 itself", word + tile, [(own + tile, "one", 0)])
            asm.compute(Op.MUL, "t2", norm, "one")
            asm.jump_here(branch)
        return word, "t2"

    def _predict(self, matrix: Matrix, source: int, count: int, norm: str, target: int) -> None:
        """target = relu(LN(source) matrix)."""
        for tile in range(matrix.tiles):
            comment = f"relu(h {matrix.name})"
            self.circuit.scan(Op.MAC, comment, norm, matrix, tile, source, count, init=1)
            self.asm.emit(Op.ST, comment, store=Store.RELU, p1=target + tile)

    def _subtract(self, layer: Layer, target: int, scale: str, error: int) -> None:
        """error = prediction - scale * target, over the prediction."""
        for tile in range(layer.tiles):
            terms = ((error + tile, "one", 0), (target + tile, scale, 1))
            self.circuit.combine(f"e{layer.number} = prediction - z{layer.number}", error + tile, terms)

    def _learn(self, matrix: Matrix, source: int, count: int, norm: str, error: int, rate: float) -> None:
        """matrix -= rate LN(source) error."""
        self.asm.constant("t3", rate)
        self.asm.compute(Op.MUL, "t3", "t3", norm)
        for tile in range(matrix.tiles):
            fields = {"fine": 1, "neg": 1, "p1": error + tile}
            self.circuit.scan(Op.UPD, f"{matrix.name} -= h e", "t3", matrix, tile, source, count, **fields)

    def _learn_code(self, place: Place, free: Place) -> None:
        """Gy, whose transpose makes the code."""
        circuit, top = self.circuit, self.circuit.top
        self._make_code(place)
        for tile in range(self.config.tiles(self.codes)):
            first = tile * self.config.lanes
            n = min(self.config.lanes, self.codes - first)
            self.asm.emit(Op.SCAT, "c", init=1, s=self.asm.scalar("one"), n=n, e=self.code_elements + first)
            self.asm.emit(Op.ST, "relu(c)", store=Store.RELU, p1=self.code_word + tile)
        tiles = self.config.tiles(self.codes)
        self.asm.emit(Op.RED, "sum of squares", d=self.asm.scalar("t4"), p1=self.code_word, tiles=tiles)
        self.asm.compute(Op.RSQ, "t4", "t4")
        error = free.words[-1]
        self._predict(self.Gy, self.code_word, self.codes, "t4", error)
        self._subtract(top, place.words[-1], place.norms[-1], error)
        self._learn(self.Gy, self.code_word, self.codes, "t4", error, circuit.parameters.code_rate)

    def _make_code(self, place: Place) -> None:
        scale = self.asm.scalar(place.norms[-1])
        self.asm.rows(self.Gy, self.code_elements, place.words[-1], scale, "c = LN(z) Gy^T")

    def _learn_image(self, source: int, norm: str) -> None:
        """G1 -= rate LN(z1) e0."""
        asm = self.asm
        asm.rows(self.G[1], self.pixels, source, asm.scalar(norm), "pixels = LN(z1) G1")
        asm.constant("t3", self.circuit.parameters.generator_rate)
        asm.compute(Op.MUL, "t3", "t3", norm)
        for tile in range(self.G[1].tiles):
            asm.emit(
                Op.UPD,
                "G1 -= h e0",
                source=Source.RESIDUAL,
                fine=1,
                neg=1,
                s=asm.scalar("t3"),
                row=self.G[1].row(tile),
                n=self.config.inputs,
                p1=source + tile,
                e=self.pixels,
            )

    # use ----------------------------------------------------------------------------------------------------------

    def emit_entries(self) -> None:
        """Emit the entries that make codes and images."""
        circuit, asm = self.circuit, self.asm
        if self.config.tiles(self.config.inputs) > self.config.vectors:
            raise ConfigError(
                f"{self.config.name}: an image of {self.config.inputs} pixels needs"
                f" {self.config.tiles(self.config.inputs)} vector words, there are {self.config.vectors}"
            )
        asm.entry("code")
        circuit.start()
        self._make_code(circuit.start_place)
        asm.emit(Op.OUTE, "code", e=self.code_elements, n=self.codes)
        asm.emit(Op.END)

        asm.entry("decode")
        asm.emit(Op.XN, "sum of squares of the code", d=asm.scalar("rx"))
        asm.compute(Op.RSQ, "rx", "rx")
        asm.constant("one", 1.0)
        top = circuit.place("P", 0).words[-1]
        for tile in range(self.Gy.tiles):
            asm.emit(
                Op.MAC,
                "LN(c) Gy",
                source=Source.SAMPLE,
                init=1,
                s=asm.scalar("rx"),
                row=self.Gy.row(tile),
                n=self.codes,
            )
            asm.emit(Op.ST, "relu(LN(c) Gy)", store=Store.RELU, p1=top + tile)
        circuit.goodness("gP1", top, circuit.top)
        asm.compute(Op.RSQ, "t4", "gP1")
        self._descend(top, "t4")
        asm.emit(Op.END)

        asm.entry("reconstruct")
        circuit.start()
        self._descend(circuit.top.start, f"rs{circuit.top.number}")
        asm.emit(Op.END)

        asm.entry("reconstruct_first")
        circuit.start()
        self._make_image(circuit.layers[0].start, "rs1")
        asm.emit(Op.END)

    def _descend(self, source: int, norm: str) -> None:
        """From the activities of the last layer down to an image."""
        circuit = self.circuit
        for layer in reversed(circuit.layers[1:]):
            below = circuit.layers[layer.number - 2]
            target = circuit.place("G", 0).words[below.number - 1]
            self._predict(self.G[layer.number], source, layer.units, norm, target)
            circuit.goodness("gP1", target, below)
            self.asm.compute(Op.RSQ, "t3", "gP1")
            source, norm = target, "t3"
        self._make_image(source, norm)

    def _make_image(self, source: int, norm: str) -> None:
        """Pixels from the first layer's activities, as elements, then in vector words, which the host can read."""
        asm, lanes, inputs = self.asm, self.config.lanes, self.config.inputs
        asm.rows(self.G[1], self.pixels, source, asm.scalar(norm), "pixels = LN(z1) G1")
        for tile in range(self.config.tiles(inputs)):
            n = min(lanes, inputs - tile * lanes)
            asm.emit(Op.SCAT, "pixels", init=1, s=asm.scalar("one"), n=n, e=self.pixels + tile * lanes)
            asm.emit(Op.ST, "pixels", store=Store.IDENTITY, p1=IMAGE_WORD + tile)
