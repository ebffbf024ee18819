// The simulated board: the model's pins on one side, queues of bytes in memory on the other, behind a C interface.
//
// ONWARD_DIVISOR is 0 for a model with two byte streams (i, o), else the clock cycles of one bit of a model with the
// two pins of a serial line (rx, tx). Verilator spells a double underscore in a name ___05F.

#include <algorithm>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>

#include "Vonward.h"
#include "verilated.h"

#ifndef ONWARD_DIVISOR
#error "define ONWARD_DIVISOR"
#endif

namespace {

constexpr int RESET_CYCLES = 8;

struct Stopped {};  // thrown by the model's errors through eval(); the message is in the board by then

// Decides in which cycles a side of the link may move: always, or with random gaps, short ones and some long ones.
class Gaps {
public:
    Gaps(bool enabled, uint64_t seed) : m_enabled{enabled}, m_state{seed} {}

    bool open() {
        if (!m_enabled) return true;
        if (m_left) return --m_left == 0;
        const uint64_t draw = next();
        if (draw % 64 == 0) m_left = 1 + (draw >> 8) % 100;
        return (draw >> 32) & 1;
    }

private:
    uint64_t next() {  // splitmix64
        uint64_t z = m_state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    bool m_enabled;
    uint64_t m_state;
    unsigned m_left = 0;
};

class Board {
public:
    Board(bool stalls, uint64_t seed) : m_input_gaps{stalls, 2 * seed}, m_output_gaps{stalls, 2 * seed + 1} {
        m_context.randReset(0);
        m_model = std::make_unique<Vonward>(&m_context, "");
    }

    std::deque<uint8_t> input, output;
    std::string printed, error;
    uint64_t cycles = 0;

    void reset() {
        input.clear();
        output.clear();
        m_offered = false;
        idle();
        m_model->rst = 1;
        for (int cycle = 0; cycle < RESET_CYCLES; ++cycle) tick();
        m_model->rst = 0;
    }

    // Runs until a byte that `stops` has come out, at most `limit` cycles; whether it has.
    bool run(uint64_t limit, bool (*stops)(uint8_t)) {
        while (limit--) {
            const size_t before = output.size();
            cycle();
            if (output.size() > before && stops(output.back())) return true;
        }
        return false;
    }

private:
    VerilatedContext m_context;
    std::unique_ptr<Vonward> m_model;
    Gaps m_input_gaps, m_output_gaps;
    bool m_offered = false;  // a byte is on its way in
    unsigned m_in_timer = 0, m_in_bits = 0, m_out_timer = 0, m_out_bits = 0;
    unsigned m_in_frame = 0, m_out_byte = 0;

    void settle() {  // outputs before the clock edge, with the new inputs
        m_model->clk = 0;
        m_model->eval();
    }

    void edge() {
        m_model->clk = 1;
        m_model->eval();
        ++cycles;
        m_context.timeInc(1);
    }

    void tick() {
        settle();
        edge();
    }

#if ONWARD_DIVISOR == 0
    void idle() {
        m_model->i___05Fvalid = 0;
        m_model->o___05Fready = 0;
    }

    void cycle() {
        if (!m_offered && !input.empty() && m_input_gaps.open()) m_offered = true;
        m_model->i___05Fvalid = m_offered;
        if (m_offered) m_model->i___05Fpayload = input.front();
        m_model->o___05Fready = m_output_gaps.open();
        settle();
        if (m_offered && m_model->i___05Fready) {
            m_offered = false;
            input.pop_front();
        }
        if (m_model->o___05Fvalid && m_model->o___05Fready) output.push_back(m_model->o___05Fpayload);
        edge();
    }
#else
    void idle() {
        m_model->rx = 1;
        m_in_bits = m_out_bits = 0;
    }

    void cycle() {
        transmit();
        tick();
        receive();
    }

    void transmit() {  // 10 bits a byte, the start bit first
        if (m_in_bits == 0) {
            if (input.empty() || !m_input_gaps.open()) return;
            m_in_frame = 0x200 | input.front() << 1;
            input.pop_front();
            m_in_bits = 10;
            m_in_timer = 0;
        }
        if (m_in_timer == 0) {
            m_model->rx = m_in_frame & 1;
            m_in_frame >>= 1;
            m_in_timer = ONWARD_DIVISOR;
        }
        if (--m_in_timer == 0) --m_in_bits;
    }

    void receive() {  // each bit is looked at in its middle
        if (m_out_bits == 0) {
            if (m_model->tx) return;
            m_out_bits = 10;
            m_out_timer = ONWARD_DIVISOR / 2;
        }
        if (m_out_timer--) return;
        m_out_timer = ONWARD_DIVISOR - 1;
        m_out_byte = (m_model->tx << 9) | (m_out_byte >> 1);
        if (--m_out_bits) return;
        if ((m_out_byte & 0x201) != 0x200) {
            error = "the core sent a byte without a start or stop bit";
            throw Stopped{};
        }
        output.push_back(m_out_byte >> 1 & 0xff);
    }
#endif
};

thread_local Board* t_board = nullptr;  // the one whose model is being evaluated

// Calls `action` with `board` as the one that messages go to; false if the model has stopped, now or before.
template <typename Action>
bool guarded(Board* board, Action action) {
    if (!board->error.empty()) return false;
    t_board = board;
    try {
        action();
    } catch (const Stopped&) {
    }
    t_board = nullptr;
    return board->error.empty();
}

[[noreturn]] void stop(const std::string& message) {
    if (t_board) t_board->error = message;
    throw Stopped{};
}

// What a failed assertion has printed: "MESSAGE[CYCLE] %Error: onward.sv:LINE: Assertion failed in WHERE: ...".
std::string describe(const std::string& printed) {
    static const std::string error = "] %Error: ", failed = " failed in ";
    const size_t mark = printed.find(error);
    const size_t bracket = printed.rfind('[', mark);
    const size_t where = printed.find(failed, mark);
    if (mark == std::string::npos || bracket == std::string::npos || where == std::string::npos) return "an error";
    const size_t begin = where + failed.size();
    const std::string message = printed.substr(0, bracket);
    return "assertion failed in " + printed.substr(begin, printed.find(':', begin) - begin)
           + (message.empty() ? "" : ": ") + message;
}

}  // namespace

// Whole lines of the model's own prints go to the standard error; assertions print without an end of line first.
int onward_print(const char* format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!t_board) return length;
    std::string& printed = t_board->printed;
    printed += text;
    if (!printed.empty() && printed.back() == '\n' && printed.find("] %Error: ") == std::string::npos) {
        fputs(printed.c_str(), stderr);
        printed.clear();
    }
    return length;
}

void vl_stop(const char*, int, const char*) { stop(t_board ? describe(t_board->printed) : ""); }

void vl_fatal(const char*, int, const char*, const char* message) { stop(message); }

#define API extern "C" __attribute__((visibility("default")))

API Board* onward_open(int stalls, uint64_t seed) {
    auto board = std::make_unique<Board>(stalls, seed);
    Board* const pointer = board.get();
    guarded(pointer, [&] { pointer->reset(); });
    return board.release();
}

API void onward_close(Board* board) { delete board; }

// Empties the queues and restarts the core; memories keep their contents, as on a board.
API void onward_reset(Board* board) {
    guarded(board, [&] { board->reset(); });
}

API void onward_send(Board* board, const uint8_t* bytes, size_t count) {
    board->input.insert(board->input.end(), bytes, bytes + count);
}

// Takes up to `room` bytes; how many.
API size_t onward_receive(Board* board, uint8_t* buffer, size_t room) {
    auto& output = board->output;
    const size_t count = output.size() < room ? output.size() : room;
    std::copy_n(output.begin(), count, buffer);
    output.erase(output.begin(), output.begin() + count);
    return count;
}

// Runs at most `limit` cycles: until a byte is out (stop = 1), a zero byte is out (stop = 2), or not less (stop = 0).
// Returns 1 if it stopped for that, 0 if the cycles are over, -1 if the model has stopped with an error.
API int onward_run(Board* board, uint64_t limit, int stop) {
    bool (*const rules[])(uint8_t) = {
        [](uint8_t) { return false; },
        [](uint8_t) { return true; },
        [](uint8_t byte) { return byte == 0; },
    };
    bool reached = false;
    if (!guarded(board, [&] { reached = board->run(limit, rules[stop]); })) return -1;
    return reached;
}

API size_t onward_pending(const Board* board) { return board->output.size(); }

API uint64_t onward_cycles(const Board* board) { return board->cycles; }

API const char* onward_error(const Board* board) { return board->error.c_str(); }
