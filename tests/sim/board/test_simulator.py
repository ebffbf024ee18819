import numpy as np
import pytest

from onward.hw.spec.presets import PRESETS
from onward.hw.spec.protocol import ORDERED, Command, Space, Status
from onward.sim.board.simulator import SimError, Simulator
from onward.sw.driver import frames
from onward.sw.driver.frames import FrameDecoder, encode_frame
from onward.sw.programs.ff import build_ff, initial_weights

TINY = PRESETS["tiny"]
IDENTIFY = encode_frame(Command.IDENTIFY, 7)


def check_identity(data):
    (reply,) = FrameDecoder().feed(data)
    assert (reply.command, reply.sequence) == (Command.IDENTIFY, 7)
    frames.parse_identity(reply.result()).check(TINY)


@pytest.mark.parametrize("flavour", ["bytes", "uart"])
def test_identify(flavour):
    with Simulator(TINY, flavour) as board:
        board.write(IDENTIFY)
        check_identity(board.read())


def test_uart_takes_ten_bits_a_byte():
    counts = []
    for flavour in ("bytes", "uart"):
        with Simulator(TINY, flavour) as board:
            before = board.cycles
            board.write(IDENTIFY)
            reply = board.read()
            counts.append(board.cycles - before)
    assert counts[0] < 120
    divisor = round(TINY.clock_mhz * 1e6 / TINY.baud)
    assert 0 <= counts[1] - 10 * divisor * (len(IDENTIFY) + len(reply)) < 300


def training():
    """Commands that load a program and weights, train, and read everything back; each list goes out without a pause."""
    program = build_ff(TINY)
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (5, TINY.inputs), dtype=np.uint8)
    entry = program.entries["train"]
    weights = initial_weights(program, 1)
    return [
        [(Command.LOAD_PROGRAM, payload) for payload in frames.program_payloads(TINY, program.words())],
        [(Command.WRITE_ROW, frames.row_payload(row, weights[row])) for row in range(TINY.rows)],
        [(Command.SEED, frames.seed_payload(3))],
        [(Command.SAMPLE, frames.sample_payload(image, i % 3, entry)) for i, image in enumerate(images)],
        [(Command.READ_ROW, frames.read_row_payload(Space.WEIGHTS, row)) for row in range(TINY.rows)],
        [(Command.READ_ROW, frames.read_row_payload(Space.VECTORS, word)) for word in range(TINY.vectors)],
    ]


def play(board, commands):
    """The replies, with at most two commands on their way at a time."""
    replies, ordered = [], 0
    for group in [[(Command.OPEN, b"")], *commands]:
        decoder = FrameDecoder()
        answers = []
        for sent, (command, payload) in enumerate(group):
            while sent - len(answers) >= 2:
                answers += decoder.feed(board.read())
            board.write(encode_frame(command, ordered if command in ORDERED else sent, payload))
            ordered = (ordered + (command in ORDERED)) % 256
        while len(answers) < len(group):
            answers += decoder.feed(board.read())
        replies += answers
    return replies


@pytest.mark.parametrize("flavour", ["bytes", "uart"])
def test_stalls_change_no_reply(flavour):
    commands = training()
    with Simulator(TINY) as board:
        expected, smooth = play(board, commands), board.cycles
    assert {reply.status for reply in expected} == {Status.OK}
    for seed in (0, 1, 2) if flavour == "bytes" else (0,):
        with Simulator(TINY, flavour, stall_seed=seed) as board:
            assert play(board, commands) == expected
            assert board.cycles > 1.5 * smooth


def test_stalls_follow_their_seed():
    cycles = []
    for seed in (5, 5, 6):
        with Simulator(TINY, stall_seed=seed) as board:
            board.write(IDENTIFY)
            check_identity(board.read())
            cycles.append(board.cycles)
    assert cycles[0] == cycles[1] != cycles[2]


def test_silence():
    with Simulator(TINY) as board:
        board.write(IDENTIFY[:-1])
        with pytest.raises(SimError, match=r"no frame within 1,000 cycles \(0 bytes .*cycle 1,008\)"):
            board.read(timeout=1000)
        board.write(IDENTIFY[-1:])
        check_identity(board.read())


def test_partial_frame_stays():
    with Simulator(TINY) as board:
        board.write(IDENTIFY)
        with pytest.raises(SimError, match="no frame within 60 cycles"):
            board.read(timeout=60)
        check_identity(board.read())


def test_run():
    with Simulator(TINY) as board:
        before = board.cycles
        assert board.run(100) == b""
        assert board.cycles == before + 100
        board.write(IDENTIFY)
        check_identity(board.run(200))
        assert board.cycles == before + 300


@pytest.mark.parametrize("flavour", ["bytes", "uart"])
def test_reset_forgets_what_was_on_its_way(flavour):
    with Simulator(TINY, flavour) as board:
        board.write(IDENTIFY[:3])
        board.run(700)
        board.write(b"\x05more")
        board.reset()
        board.write(IDENTIFY)
        check_identity(board.read())


def test_boards_do_not_meet():
    with Simulator(TINY) as one, Simulator(TINY) as two, Simulator(TINY, "uart") as three:
        for board in (one, three):
            board.write(IDENTIFY)
        assert two.run(1000) == b""
        check_identity(one.read())
        check_identity(three.read())


def test_closed():
    board = Simulator(TINY)
    board.close()
    board.close()
    with pytest.raises(SimError, match="closed"):
        board.read()


def test_wrong_arguments():
    with pytest.raises(ValueError, match="'bytes' or 'uart', not 'usb'"):
        Simulator(TINY, "usb")
    with pytest.raises(ValueError, match="divisor is for"):
        Simulator(TINY, divisor=8)


def test_constant_bits(echo):
    echo.write(b"\x01\x52\0")
    assert echo.read() == b"\x51\x02\0"


def test_print(echo, capfd):
    echo.write(b"\x22\0")
    echo.read()
    assert capfd.readouterr().err == "the byte is 22\n"


def test_assertion_stops(echo):
    echo.write(b"\x01\x33\0")
    for _ in range(2):
        with pytest.raises(SimError, match="stopped at cycle 9: assertion failed in onward.checker: 33 came"):
            echo.read()
