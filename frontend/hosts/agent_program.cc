#include "frontend/hosts/agent_program.h"

#include <array>
#include <utility>

#include "core/error.h"
#include "core/terminal_text.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

// The scripts stand in single quotes, so that every login shell passes them on: they have no quote
// of that kind, no backslash, no exclamation mark (csh) and no line end.
constexpr const char* kFind =
    "p=$1; [ -n \"$p\" ] || p=$(command -v gpupci) || p=/usr/local/bin/gpupci; ";

constexpr const char* kTell =
    "echo \"path $p\"; echo \"machine $(uname -m)\"; "
    "if [ -f \"$p\" ]; then s=$(sha256sum <\"$p\") && echo \"checksum ${s%% *}\"; "
    "v=$(\"$p\" --version 2>/dev/null) && echo \"version ${v#gpupci }\"; "
    "if dpkg-query -S \"$p\" >/dev/null 2>&1 || rpm -qf \"$p\" >/dev/null 2>&1; "
    "then echo packaged; fi; fi; echo whole";

constexpr const char* kUnit =
    "p=$1; [ \"$5\" = look ] || mkdir -p \"$3\" || exit 1; "
    "if [ -d \"$2\" ]; then u=$2/gpupci-restore.service; "
    "n=$(\"$p\" --print-unit) || exit 1; "
    "e=$u; [ -f \"$e\" ] || e=$4/gpupci-restore.service; "
    "if [ -f \"$e\" ] && [ \"$n\" = \"$(cat \"$e\")\" ]; then :; "
    "elif [ \"$5\" = look ]; then echo unit; else "
    "t=$(mktemp \"$u.XXXXXX\") || exit 1; "
    "{ printf %s \"$n\"; echo; } >\"$t\" && chmod 644 \"$t\" && mv -f \"$t\" \"$u\" || exit 1; "
    "if command -v systemctl >/dev/null; then systemctl daemon-reload 2>/dev/null; fi; "
    "echo unit; fi; fi; ";

std::string script(const std::string& text, const std::string& words) {
  return "sh -c '" + text + "' sh " + words;
}

}  // namespace

std::string question_of_program(const std::string& path) {
  return script(std::string(kFind) + kTell, shell_word(path));
}

std::string unit_of_program(const std::string& path, const std::string& units,
                            const std::string& settings, const std::string& packaged) {
  return script(std::string(kUnit) + kTell, shell_word(path) + " " + shell_word(units) + " " +
                                                shell_word(settings) + " " + shell_word(packaged) +
                                                " write");
}

std::string look_at_unit_of_program(const std::string& path, const std::string& units,
                                    const std::string& packaged) {
  return script(std::string(kUnit) + kTell, shell_word(path) + " " + shell_word(units) + " - " +
                                                shell_word(packaged) + " look");
}

AgentProgram program_of(const AgentAnswer& answer) {
  if (auto error = unfinished(answer)) throw Error(*error);
  AgentProgram program;
  bool is_whole = false;
  for (const auto line : split(answer.out, '\n')) {
    const auto space = line.find(' ');
    const auto word = line.substr(0, space);
    const auto rest = space == std::string_view::npos ? "" : printable(line.substr(space + 1));
    if (word == "path") program.path = rest;
    if (word == "machine") program.machine = rest;
    if (word == "checksum") program.checksum = rest;
    if (word == "version") program.version = rest;
    program.is_packaged = program.is_packaged || line == "packaged";
    program.has_new_unit = program.has_new_unit || line == "unit";
    is_whole = is_whole || line == "whole";
  }
  if (is_whole && program.path.starts_with('/')) return program;
  const auto said = trim(answer.err);
  throw Error(Fault::io, said.empty() ? "it does not tell of its gpupci"
                                      : brief(said.substr(said.rfind('\n') + 1)));
}

// The word at byte 18 of the header (elf(5), e_machine), in the order of bytes of these machines.
std::string machine_of(std::string_view program) {
  constexpr std::array<std::pair<int, const char*>, 4> kMachines{
      {{21, "ppc64le"}, {62, "x86_64"}, {183, "aarch64"}, {243, "riscv64"}}};
  constexpr std::size_t kPlace = 18;
  if (!program.starts_with("\x7f"
                           "ELF") ||
      program.size() < kPlace + 2)
    return "";
  const auto low = static_cast<unsigned char>(program[kPlace]);
  const auto high = static_cast<unsigned char>(program[kPlace + 1]);
  for (const auto& [number, name] : kMachines) {
    if (number == low + 256 * high) return name;
  }
  return "";
}

}  // namespace cluster::frontend
