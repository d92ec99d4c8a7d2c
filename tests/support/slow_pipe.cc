// slow_pipe MS TRIPS PROGRAM [ARG...] runs PROGRAM behind a long line: each byte of its standard
// input and output takes MS milliseconds. The delay applies to each byte, not to each message. At
// the end the file TRIPS has the number of round trips that came one after the other: a byte that
// goes in is one trip later than the last answer that was there before it. Time does not change
// that number, as long as answers that come together are ready within two delays.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;

struct Piece {
  Clock::time_point due;
  int trip;
  std::string bytes;  // none: the end
};

// One direction of the pipe.
struct Line {
  int from;
  int to;
  Clock::duration delay;
  int trip = 0;  // of what has come out at the far end
  bool ended = false;
  std::deque<Piece> under_way = {};

  void take(int its_trip) {
    std::array<char, 65536> buffer{};
    const auto count = read(from, buffer.data(), buffer.size());
    ended = count <= 0;
    under_way.push_back({Clock::now() + delay, its_trip,
                         std::string(buffer.data(), static_cast<std::size_t>(ended ? 0 : count))});
  }

  // Returns the milliseconds until the next bytes are due, or -1 for never.
  int give() {
    while (!under_way.empty()) {
      const auto left = under_way.front().due - Clock::now();
      if (left > Clock::duration::zero()) {
        return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
      }
      trip = under_way.front().trip;
      std::string_view bytes = under_way.front().bytes;
      if (bytes.empty()) close(to);
      while (!bytes.empty()) {
        const auto count = write(to, bytes.data(), bytes.size());
        if (count <= 0) return -1;
        bytes.remove_prefix(static_cast<std::size_t>(count));
      }
      under_way.pop_front();
    }
    return -1;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (pipe(in.data()) != 0 || pipe(out.data()) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    for (const int fd : {in[0], in[1], out[0], out[1]}) close(fd);
    execvp(argv[3], argv + 3);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  const std::chrono::milliseconds delay(std::atoi(argv[1]));
  Line there{STDIN_FILENO, in[1], delay};
  Line back{out[0], STDOUT_FILENO, delay};
  while (!back.ended || !back.under_way.empty()) {
    const int first = there.give();
    const int second = back.give();
    const int next = first < 0 || (second >= 0 && second < first) ? second : first;
    if (back.ended && back.under_way.empty()) break;
    std::array<pollfd, 2> files{pollfd{there.ended ? -1 : there.from, POLLIN, 0},
                                pollfd{back.ended ? -1 : back.from, POLLIN, 0}};
    if (poll(files.data(), files.size(), next) < 0) return 1;
    if (files[0].revents != 0) {
      there.take(back.trip + 1);
      std::ofstream(argv[2]) << back.trip + 1;
    }
    if (files[1].revents != 0) back.take(there.trip);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
