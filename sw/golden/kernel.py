"""The golden model's inner loop: the interpreter of :mod:`.machine` compiled by numba, many samples a call.

It computes exactly what :class:`.machine.Machine` defines in torch (``tests/sw/golden/test_kernel.py`` runs random
programs through both), about a thousand times faster. Everything that numba would freeze into its cache
(tables, formats) is passed in as an argument, so that a changed specification cannot meet a stale cache; and all of it
is one file, because the cache looks at that file only. An ideal device is ``None``: numba compiles it as a variant of
its own, in which the branches of an imperfect one do not exist.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["run_batch"]

_JIT = {"cache": True, "nogil": True, "boundscheck": False}
jit: Any = numba.njit(**_JIT)
inline: Any = numba.njit(inline="always", **_JIT)

# Columns of a decoded program, see ``machine.decode_program``.
OP, SOURCE, INIT, FINE, NEG, STORE, S, D, RI, P1I, P2I, ROW, N, P1, P2, ELEM, TILES, IMM = range(18)
# Entries of the parameter vector, see ``machine.parameters``.
LANES, GROUP, CLUSTER, WEIGHT_BITS, OPERAND_BITS, ACC_BITS, WF, FA, FINE_F, COARSE_F, RESULTS = range(11)
LOG2E, LOG2E_SCALAR, WHITE, NEAREST = range(11, 15)
BUSY, SAMPLES, WEIGHT_SAT, VECTOR_SAT, OPERAND_SAT, ELEMENT_SAT, READS, WRITES = range(8)
# Levels of an imperfect device, see ``device.Device.arrays``.
NOISE, NOISE_F, READ_F, GAIN_F = range(4)


@jit
def _pack(sign, exponent, magnitude):
    if magnitude == 0 or exponent < -128:
        return 0
    if exponent > 127:
        exponent, magnitude = 127, 0xFFFF
    return (sign << 24) | ((exponent & 0xFF) << 16) | magnitude


@jit
def _exponent(code):
    return (((code >> 16) & 0xFF) ^ 0x80) - 0x80


@jit
def _bit_length(value):
    length = 0
    while value:
        value >>= 1
        length += 1
    return length


@jit
def _normal(sign, value, exponent):
    """sign * value * 2^exponent, value >= 0, truncated to a scalar."""
    if value == 0:
        return 0
    drop = _bit_length(value) - 16
    value = value >> drop if drop >= 0 else value << -drop
    return _pack(sign, exponent + drop, value)


@jit
def _from_int(value, fraction):
    return _normal(1 if value < 0 else 0, abs(value), -fraction)


@jit
def _mul(a, b):
    product = (a & 0xFFFF) * (b & 0xFFFF)
    exponent = _exponent(a) + _exponent(b)
    sign = (a >> 24) ^ (b >> 24)
    if product >= 1 << 31:
        return _pack(sign, exponent + 16, product >> 16)
    return _pack(sign, exponent + 15, product >> 15)


@jit
def _add(a, b):
    if a & 0xFFFF == 0:
        return b
    if b & 0xFFFF == 0:
        return a
    ea, eb = _exponent(a), _exponent(b)
    if eb > ea or (eb == ea and (b & 0xFFFF) > (a & 0xFFFF)):
        a, b, ea, eb = b, a, eb, ea
    shift = min(ea - eb, 18)
    large, small = (a & 0xFFFF) << 2, ((b & 0xFFFF) << 2) >> shift
    total = large + small if a >> 24 == b >> 24 else large - small
    return _normal(a >> 24, total, ea - 2)


@jit
def _negate(a):
    return a ^ (1 << 24) if a & 0xFFFF else a


@jit
def _look_up(base, slope, index, position):
    return base[index] + ((slope[index] * position) >> 10)


@jit
def _octave(value, sign, exponent):
    if value == 65536:
        return _pack(sign, exponent + 1, 32768)
    return _pack(sign, exponent, value)


@jit
def _rsqrt(a, base, slope):
    if a >> 24 or a & 0xFFFF == 0:
        return 0
    m, e = a & 0xFFFF, _exponent(a)
    odd = e & 1
    value = _look_up(base, slope, 128 + 64 * odd + ((m >> 9) & 63), (m & 511) << 1)
    return _octave(value, 0, -24 - ((e - 1) >> 1) if odd else -23 - (e >> 1))


@jit
def _reciprocal(a, base, slope):
    m = a & 0xFFFF
    if m == 0:
        return (127 << 16) | 0xFFFF
    value = _look_up(base, slope, 64 + ((m >> 9) & 63), (m & 511) << 1)
    return _octave(value, a >> 24, -31 - _exponent(a))


@jit
def _exp(a, base, slope, log2e):
    t = _mul(a, log2e)
    m, e = t & 0xFFFF, _exponent(t)
    if m and e + 16 >= 8:
        return 0 if t >> 24 else (127 << 16) | 0xFFFF
    shift = e + 16
    fixed = m << shift if shift >= 0 else m >> min(-shift, 63)
    if t >> 24:
        fixed = -fixed
    fraction = fixed & 0xFFFF
    return _pack(0, (fixed >> 16) - 15, _look_up(base, slope, fraction >> 10, fraction & 1023))


@jit
def _to_fixed(code, fraction, counters):
    """A scalar as a 16-bit number with ``fraction`` fraction bits, nearest, halves away from zero, saturated."""
    m = code & 0xFFFF
    shift = -(_exponent(code) + fraction)
    if m == 0 or shift > 17:
        return 0
    if shift < 0:
        value = 1 << 20
    elif shift == 0:
        value = m
    else:
        value = (m + (1 << (shift - 1))) >> shift
    if code >> 24:
        value = -value
    return _saturate(value, 16, counters)


@jit
def _saturate(value, bits, counters):
    """Saturate an element to ``bits`` and count it."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if value < low:
        counters[ELEMENT_SAT] += 1
        return low
    if value > high:
        counters[ELEMENT_SAT] += 1
        return high
    return value


@jit
def _step(state):
    state ^= (state << 13) & 0xFFFFFFFF
    state ^= state >> 17
    return state ^ ((state << 5) & 0xFFFFFFFF)


@jit
def _operand(x, scalar, neg, fraction, bits, random, counters):
    """Element x times a scalar as a broadcast operand; ``random`` < 0 rounds to nearest."""
    product = x * (scalar & 0xFFFF)
    if product == 0:
        return 0
    if (scalar >> 24) ^ neg:
        product = -product
    k = 11 - fraction - _exponent(scalar)
    if k > 40:
        return 0
    high = (1 << (bits - 1)) - 1
    if k < 0:
        counters[OPERAND_SAT] += 1
        return high if product > 0 else -high - 1
    rounding = 1 << 15 if random < 0 else random >> 16
    m = (((product << 16) >> k) + rounding) >> 16
    if m > high:
        counters[OPERAND_SAT] += 1
        return high
    if m < -high - 1:
        counters[OPERAND_SAT] += 1
        return -high - 1
    return m


@jit
def _mac(acc, row, m, shift):
    for lane in range(acc.shape[0]):
        acc[lane] += (np.int64(row[lane]) * m) << shift


@jit
def _read(row, device):
    """A row of weights as an imperfect device's products see it, with READ_F further fraction bits."""
    levels, gains, generators, seen = device
    noise, drop, fraction = levels[NOISE], levels[NOISE_F], levels[READ_F]
    half = 1 << (drop - 1)
    for lane in range(row.shape[0]):
        seen[lane] = np.int64(row[lane]) << fraction
    if noise:
        for lane in range(row.shape[0]):
            state = _step(generators[lane])
            generators[lane] = state
            total = (state & 255) + ((state >> 8) & 255) + ((state >> 16) & 255) + (state >> 24)
            seen[lane] += ((total - 510) * noise + half) >> drop
    for lane in range(row.shape[0]):
        seen[lane] = _gain(seen[lane], gains[lane], levels[GAIN_F])
    return seen


@jit
def _gain(product, gain, fraction):
    return (product * gain + (1 << (fraction - 1))) >> fraction


@jit
def _dot(row, vector, device):
    """One row of ROWS."""
    total = 0
    if device is None:
        for lane in range(row.shape[0]):
            total += np.int64(row[lane]) * vector[lane]
    else:
        seen = _read(row, device)
        for lane in range(row.shape[0]):
            total += seen[lane] * vector[lane]
    return total


@jit
def _imperfect_mac(acc, row, m, shift, device):
    seen, fraction = _read(row, device), device[0][READ_F]
    for lane in range(acc.shape[0]):
        acc[lane] += ((seen[lane] * m) << shift) >> fraction


@jit
def _imperfect_lateral(acc, row, i, vector, group, shift, device):
    """One row of LMAC."""
    seen, fraction = _read(row, device), device[0][READ_F]
    for lane in range(acc.shape[0]):
        product = max(seen[lane], 0) * vector[lane - lane % group + i]
        acc[lane] += ((product if lane % group == i else -product) << shift) >> fraction


@jit
def _rounding(k, nearest):
    """What is added to a product before it is cut by k bits: 16 random bits shifted down, then up, and a constant."""
    if nearest:
        return 16, 0, 1 << (k - 1)
    return max(16 - k, 0), max(k - 16, 0), 0


@jit
def _update(row, post, m, generators, k, nearest, low, high, device):
    """One row of UPD; returns 1 if any lane saturated."""
    saturated = 0
    down, up, half = _rounding(k, nearest)
    for lane in range(row.shape[0]):
        generators[lane] = _step(generators[lane])
        random = generators[lane] >> 16
        product = post[lane] * m
        if device is not None:
            product = _gain(product, device[1][lane], device[0][GAIN_F])
        value = np.int64(row[lane]) + ((product + half + ((random >> down) << up)) >> k)
        clipped = min(max(value, low), high)
        saturated |= np.int64(clipped != value)
        row[lane] = clipped
    return saturated


@jit
def _lateral_update(row, i, post, pre, generators, group, k, nearest, low, high, device):
    saturated = 0
    down, up, half = _rounding(k, nearest)
    for lane in range(row.shape[0]):
        generators[lane] = _step(generators[lane])
        if row[lane] <= 0:
            continue
        random = generators[lane] >> 16
        product = post[lane] * pre[lane - lane % group + i]
        if lane % group != i:
            product = -product
        if device is not None:
            product = _gain(product, device[1][lane], device[0][GAIN_F])
        value = np.int64(row[lane]) + ((product + half + ((random >> down) << up)) >> k)
        clipped = min(max(value, low), high)
        saturated |= np.int64(clipped != value)
        row[lane] = clipped
    return saturated


@jit
def _softmax(elements, first, n, base, slope, log2e):
    largest = elements[first]
    for i in range(first, first + n):
        largest = max(largest, elements[i])
    total = 0
    for i in range(first, first + n):
        u = -(((largest - elements[i]) * log2e) >> 9)
        fraction = u & 0xFFFF
        shift = -(u >> 16)
        elements[i] = (_look_up(base, slope, fraction >> 10, fraction & 1023) + ((1 << shift) >> 1)) >> shift
        total += elements[i]
    z = _from_int(total, 0)
    m = z & 0xFFFF
    value = _look_up(base, slope, 64 + ((m >> 9) & 63), (m & 511) << 1)
    k = 17 + _exponent(z)
    for i in range(first, first + n):
        elements[i] = (elements[i] * value + (1 << (k - 1))) >> k


@jit
def _draw(elements, first, n, eps, exclude, random):
    total = 0
    for c in range(n):
        if c != exclude:
            total += max(elements[first + c], 0) + eps
    threshold = (random * min(total, (1 << 18) - 1)) >> 16
    running = 0
    for c in range(n):
        if c != exclude:
            running += max(elements[first + c], 0) + eps
        if running > threshold:
            return c
    return n - 1


@jit
def _vector_op(word, par, state, sample, device):
    """Execute one lane instruction."""
    weights, vectors, acc, elements, scalars, indexes, generators, counters = state
    index, value = sample
    lanes, group = par[LANES], par[GROUP]
    op = word[OP]
    row = word[ROW] + indexes[word[RI]]
    p1 = word[P1] + indexes[word[P1I]]
    p2 = word[P2] + indexes[word[P2I]]
    scale = scalars[word[S]]
    n = word[N]
    bits = par[OPERAND_BITS]
    coarse, fine = par[COARSE_F], par[FINE_F]
    w_shift = par[FA] - par[WF] - coarse
    v_shift = par[FA] - 11 - coarse
    w_high = (1 << (par[WEIGHT_BITS] - 1)) - 1
    if word[INIT] and op != ROWS_OP:
        acc[:] = 0
    if op == 1 or op == 2:
        fraction = fine if op == 2 and word[FINE] else coarse
        k = 11 + fraction - par[WF]
        source = word[SOURCE]
        count = len(index) if source == 0 else n
        pixel = 0
        for t in range(count):
            if source == 0:
                j, x = index[t], value[t] << 3
                if j >= n:
                    break
            elif source == 1:
                j, x = t, vectors[p2 + t // lanes, t % lanes]
            elif source == 2:
                j, x = t, elements[word[ELEM] + t]
            elif source == 4:
                j, x = t, min(max(elements[word[ELEM] + t], 0), par[WHITE])
                if pixel < len(index) and index[pixel] == t:
                    x -= value[pixel] << 3
                    pixel += 1
            else:
                j, x = t, 2048
            if x == 0:
                continue
            counters[BUSY] += 1
            counters[READS] += 1
            if op == 1:
                m = _operand(x, scale, word[NEG], fraction, bits, -1, counters)
                if device is None:
                    _mac(acc, weights[row + j], m, w_shift)
                else:
                    _imperfect_mac(acc, weights[row + j], m, w_shift, device)
            else:
                counters[WRITES] += 1
                generators[lanes] = _step(generators[lanes])
                random = -1 if par[NEAREST] else generators[lanes]
                m = _operand(x, scale, word[NEG], fraction, bits, random, counters)
                counters[WEIGHT_SAT] += _update(
                    weights[row + j], vectors[p1], m, generators[:lanes], k, par[NEAREST], -w_high - 1, w_high, device
                )
    elif op == 3 or op == 4:
        total = 0
        for t in range(word[TILES]):
            counters[BUSY] += 1
            other = p1 if op == 3 else p2
            for lane in range(lanes):
                total += vectors[p1 + t, lane] * vectors[other + t, lane]
        scalars[word[D]] = _from_int(total, 22)
    elif op == 5:
        fraction = par[WF] + 11
        if device is not None:
            fraction += device[0][READ_F]
        for j in range(n):
            total = 0
            for t in range(word[TILES]):
                counters[BUSY] += 1
                counters[READS] += 1
                total += _dot(weights[row + t * word[IMM] + j], vectors[p1 + t], device)
            out = _to_fixed(_mul(scale, _from_int(total, fraction)), 11, counters)
            if not word[INIT]:
                out = _saturate(elements[word[ELEM] + j] + out, 16, counters)
            elements[word[ELEM] + j] = out
    elif op == 6 or op == 8:
        counters[BUSY] += 1
        m = _operand(2048, scale, word[NEG] if op == 6 else 0, coarse, bits, -1, counters)
        for lane in range(lanes):
            if op == 6:
                x = vectors[p1, lane]
            else:
                generators[lane] = _step(generators[lane])
                x = ((generators[lane] >> 20) ^ 0x800) - 0x800
            acc[lane] += (x * m) << v_shift
    elif op == 7:
        counters[BUSY] += 1
        for lane in range(lanes):
            acc[lane] += (vectors[p1, lane] * vectors[p2, lane]) << (par[FA] - 22)
    elif op == 9:
        for j in range(n):
            counters[BUSY] += 1
            m = _operand(elements[word[ELEM] + j], scale, word[NEG], coarse, bits, -1, counters)
            acc[j] += (m << 11) << v_shift
    elif op == 10:
        shift = par[FA] - par[WF] - 11
        for i in range(group):
            counters[BUSY] += 1
            counters[READS] += 1
            if device is not None:
                _imperfect_lateral(acc, weights[row + i], i, vectors[p2], group, shift, device)
                continue
            for lane in range(lanes):
                product = max(np.int64(weights[row + i, lane]), 0) * vectors[p2, lane - lane % group + i]
                acc[lane] += (product if lane % group == i else -product) << shift
    elif op == 11:
        k = 11 + fine - par[WF]
        for i in range(group):
            counters[BUSY] += 1
            counters[READS] += 1
            counters[WRITES] += 1
            counters[WEIGHT_SAT] += _lateral_update(
                weights[row + i],
                i,
                vectors[p1],
                vectors[p2],
                generators,
                group,
                k,
                par[NEAREST],
                -w_high - 1,
                w_high,
                device,
            )
    elif op == 12:
        shift = par[FA] - 11
        saturated = 0
        for lane in range(lanes):
            x = (acc[lane] + (1 << (shift - 1))) >> shift
            clipped = min(max(x, -32768), 32767)
            saturated |= np.int64(clipped != x)
            if word[STORE] == 1:
                clipped = max(clipped, 0)
            elif word[STORE] == 2:
                clipped = 2048 if clipped > 0 else 0
            vectors[p1, lane] = clipped
        counters[VECTOR_SAT] += saturated


ROWS_OP = 5


@jit
def _scalar_op(word, par, tables, state, norm, results):
    """Execute one instruction of the scalar unit; appends to ``results``, whose entry 0 counts them."""
    elements, scalars, indexes, generators, counters = state
    base, slope = tables
    op = word[OP]
    a, b, d = scalars[word[S]], scalars[word[P1]], word[D]
    index = indexes[word[RI]]
    element = word[ELEM]
    if op == 32:
        scalars[d] = word[IMM]
    elif op == 33:
        scalars[d] = _mul(a, b)
    elif op == 34:
        scalars[d] = _add(a, b)
    elif op == 35:
        scalars[d] = _add(a, _negate(b))
    elif op == 36:
        scalars[d] = _rsqrt(a, base, slope)
    elif op == 37:
        one = ((-15 & 0xFF) << 16) | 32768
        exponential = _exp(_negate(a), base, slope, par[LOG2E_SCALAR])
        scalars[d] = _reciprocal(_add(one, exponential), base, slope)
    elif op == 38:
        scalars[d] = _exp(a, base, slope, par[LOG2E_SCALAR])
    elif op == 39:
        scalars[d] = _reciprocal(a, base, slope)
    elif op == 40:
        scalars[d] = _from_int(norm, 16)
    elif op == 41:
        _softmax(elements, element, word[N], base, slope, par[LOG2E])
    elif op == 42:
        imm = ((word[IMM] & 0xFFFF) ^ 0x8000) - 0x8000
        elements[element + index] = _saturate(elements[element + index] + imm, 16, counters)
    elif op == 43:
        generators[par[LANES] + 1] = _step(generators[par[LANES] + 1])
        exclude = index if word[RI] else -1
        random = generators[par[LANES] + 1] >> 16
        indexes[d] = _draw(elements, element, word[N], word[IMM] & 0xFFFF, exclude, random)
    elif op == 44:
        best = 0
        for i in range(1, word[N]):
            if elements[element + i] > elements[element + best]:
                best = i
        indexes[d] = best
    elif op == 45:
        elements[element + index] = _to_fixed(a, 11, counters)
    elif op == 46:
        scalars[d] = _from_int(elements[element + index], 11)
    elif op == 47:
        difference = _greater(a, b)
        if difference:
            scalars[word[P1]] = a
            indexes[d] = index
    elif op == 48:
        _append(results, par[RESULTS], a)
    elif op == 49:
        _append(results, par[RESULTS], index)
    elif op == 50:
        for i in range(word[N]):
            _append(results, par[RESULTS], elements[element + i] & 0xFFFFFFFF)
    indexes[0] = 0


@jit
def _append(results, depth, value):
    if results[0] < depth:
        results[0] += 1
        results[results[0]] = value


@jit
def _greater(a, b):
    """a > b for packed scalars."""
    if a >> 24 != b >> 24:
        return a >> 24 < b >> 24
    if a >> 24:
        a, b = _negate(b), _negate(a)
    zero_a, zero_b = a & 0xFFFF == 0, b & 0xFFFF == 0
    if zero_a or zero_b:
        return zero_b and not zero_a
    if _exponent(a) != _exponent(b):
        return _exponent(a) > _exponent(b)
    return (a & 0xFFFF) > (b & 0xFFFF)


@jit
def run_batch(program, entry, par, tables, state, device, pointers, index, value, labels, results, limit):
    """Run the program at ``entry`` once for each sample; returns how many ended within ``limit`` instructions.

    ``program`` (instructions, 18) decoded fields, ``device`` arrays of an imperfect one or None,
    ``pointers`` (samples + 1,) into ``index``/``value`` (nonzero pixels),
    ``labels`` (samples,), ``results`` (samples, 1 + depth): count, then words.
    """
    elements, scalars, indexes, generators, counters = state[3:]
    scalar_state = (elements, scalars, indexes, generators, counters)
    for sample in range(len(labels)):
        pixels = index[pointers[sample] : pointers[sample + 1]]
        values = value[pointers[sample] : pointers[sample + 1]]
        norm = 0
        for pixel in values:
            norm += pixel * pixel
        results[sample, 0] = 0
        pc = entry
        steps = 0
        while True:
            word = program[pc]
            op = word[OP]
            pc += 1
            steps += 1
            if steps > limit:
                return sample
            if op == 0:
                break
            if op < 32:
                _vector_op(word, par, state, (pixels, values), device)
            elif op < 56:
                _scalar_op(word, par, tables, scalar_state, norm, results[sample])
            elif op == 56:
                indexes[word[D]] = word[IMM] & 0xFFFFF
            elif op == 57:
                indexes[word[D]] = (indexes[word[RI]] + word[IMM]) & 0xFFFFF
            elif op == 58:
                indexes[word[D]] = labels[sample]
            else:
                indexes[word[D]] = (indexes[word[D]] - 1) & 0xFFFFF
                if indexes[word[D]]:
                    pc = word[IMM]
            indexes[0] = 0
        counters[SAMPLES] += 1
    return len(labels)
