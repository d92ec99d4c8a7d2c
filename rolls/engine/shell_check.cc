#include "rolls/engine/shell_check.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "rolls/engine/subprocess.h"

namespace cluster::rolls {
namespace {

constexpr std::size_t kLongest = 100000;  // Linux takes 128 KiB in one argument

// The lines alone, and as the script has them: in a function, whose end a here-document without an
// end would swallow.
constexpr auto* kLook = R"sh(sh -n -c -- "$1" && sh -n -c -- "f() {
$1}")sh";

// What sh says, without its name: "2: Syntax error: ..." of dash, "-c: line 2: ..." of bash.
std::string words_of_sh(std::string text) {
  text = std::string(text.substr(0, text.find('\n')));
  for (const std::string_view start : {"sh: ", "-c: ", "line "}) {
    if (text.starts_with(start)) text.erase(0, start.size());
  }
  return "line " + printable(text);
}

void look(const ShellLines& lines) {
  if (lines.text.size() > kLongest) {
    throw Error(Fault::usage, lines.where + ": " + quote(lines.what) + " is longer than " +
                                  std::to_string(kLongest) + " bytes");
  }
  const FileDescriptor said(::memfd_create("sh", MFD_CLOEXEC));
  const auto file = "/proc/self/fd/" + std::to_string(said.get());
  if (run_subprocess(
          {{"sh", "-c", std::string("{ ") + kLook + "; } 2>&1", "sh", lines.text}, ".", file}) ==
      0) {
    return;
  }
  std::array<char, 1000> text{};
  const auto size = ::pread(said.get(), text.data(), text.size(), 0);
  throw Error(Fault::usage,
              lines.where + ": sh cannot read " + quote(lines.what) + ": " +
                  words_of_sh({text.data(), size > 0 ? static_cast<std::size_t>(size) : 0}));
}

}  // namespace

void check_shell(const Roll& roll) {
  for (const auto& part : roll.hosts) {
    for (const auto& lines : part.shell) look(lines);
  }
}

}  // namespace cluster::rolls
