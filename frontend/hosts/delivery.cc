#include "frontend/hosts/delivery.h"

#include <sys/stat.h>

#include <cstddef>
#include <cstdio>

#include "core/error.h"
#include "core/file.h"
#include "core/sha256.h"
#include "core/terminal_text.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

// The words after it are seven for each file: path, name, size, sum, mode, "old" or "", and
// "run" or "". It stands
// in single quotes, so that every login shell passes it on: it has no quote of that kind, no
// backslash, no exclamation mark (csh) and no line end. Each file says "rollcall put" or "same".
constexpr const char* kScript =
    "umask 077; t=; "
    "gone() { [ -z \"$t\" ] || rm -f \"$t\"; }; "
    "die() { echo \"$1\" >&2; exit 1; }; "
    "sum() { s=$(sha256sum <\"$1\") && echo \"${s%% *}\"; }; "
    "trap gone EXIT; trap \"exit 1\" HUP INT PIPE TERM; "
    "while [ $# -gt 0 ]; do "
    "p=$1; "
    "if [ -d \"$p\" ]; then p=${p%/}/$2; fi; "
    "case $p in */) die \"there is no folder $p\";; esac; "
    "if [ -L \"$p\" ]; then p=$(readlink -f \"$p\") || die \"the link $1 leads nowhere\"; fi; "
    "d=${p%/*}; [ \"$d\" = \"$p\" ] && d=.; [ -n \"$d\" ] || d=/; "
    "[ -d \"$d\" ] || die \"there is no folder $d\"; "
    "if [ -f \"$p\" ]; then o=$(stat -c %u:%g \"$p\") || exit 1; "
    "elif [ -e \"$p\" ]; then die \"$p is no file\"; else o=; fi; "
    "if [ -n \"$o\" ] && [ \"$(stat -c %a \"$p\")\" = \"$5\" ] && [ \"$(sum \"$p\")\" = \"$4\" ]; "
    "then [ $# -eq 7 ] || head -c \"$3\" >/dev/null; w=same; "
    "else "
    "t=$(mktemp \"$d/.${p##*/}.XXXXXX\") || exit 1; "
    "head -c \"$3\" >\"$t\" || exit 1; "
    "n=$(sum \"$t\") || die \"cannot compare: sha256sum is missing\"; "
    "[ \"$n\" = \"$4\" ] || die \"what came of $2 is not what was sent\"; "
    "[ -z \"$o\" ] || chown \"$o\" \"$t\" || exit 1; "
    "chmod \"$5\" \"$t\" || exit 1; "
    "[ -z \"$7\" ] || \"$t\" --version >/dev/null || die \"$2 does not run there\"; "
    "sync \"$t\" 2>/dev/null; "
    "if [ -n \"$6\" ] && [ -n \"$o\" ]; then ln -f \"$p\" \"$p.old\" || exit 1; fi; "
    "mv -f \"$t\" \"$p\" || exit 1; t=; "
    "if command -v restorecon >/dev/null; then restorecon \"$p\" 2>/dev/null; fi; "
    "w=put; fi; "
    "echo \"rollcall $w\"; shift 7; done";

// A path that begins with a dash is no option.
std::string plain(const std::string& path) {
  if (path.empty()) return ".";
  return path.starts_with('-') ? "./" + path : path;
}

std::string octal(unsigned mode) {
  std::string digits;
  for (; mode != 0 || digits.empty(); mode /= 8) {
    digits.insert(digits.begin(), static_cast<char>('0' + mode % 8));
  }
  return digits;
}

}  // namespace

DeliveredFile read_for_delivery(const std::filesystem::path& from, const std::string& to) {
  struct stat found {};
  if (stat(from.c_str(), &found) != 0) cannot("read", from, errno);
  if (!S_ISREG(found.st_mode)) {
    throw Error(Fault::usage, quote(from.native()) + " is no file (want files; tar packs folders)");
  }
  auto bytes = read_file(from);
  if (!bytes) cannot("read", from, ENOENT);
  return {to, from.filename(), *std::move(bytes), found.st_mode & 0777U};
}

Delivery::Delivery(const std::vector<DeliveredFile>& files)
    : command_("sh -c '" + std::string(kScript) + "' sh") {
  std::string all;
  for (const auto& file : files) {
    for (const auto& word :
         {plain(file.path), file.name, std::to_string(file.bytes.size()), sha256_hex(file.bytes),
          octal(file.mode), std::string(file.keeps_old ? "old" : ""),
          std::string(file.has_to_run ? "run" : "")}) {
      command_ += " " + shell_word(word);
    }
    all += file.bytes;
  }
  input_ = std::move(all);
}

std::vector<bool> delivered(const AgentAnswer& answer, std::size_t files) {
  if (auto error = unfinished(answer)) throw Error(*error);
  std::vector<bool> are_new;
  for (const auto line : split(answer.out, '\n')) {
    if (line == "rollcall put" || line == "rollcall same") are_new.push_back(line.ends_with("put"));
  }
  if (answer.reply.status == 0 && are_new.size() == files) return are_new;
  const auto said = trim(answer.err);
  throw Error(Fault::io, said.empty() ? "the copy ended with status " +
                                            std::to_string(answer.reply.status) + " and no word"
                                      : brief(said.substr(said.rfind('\n') + 1)));
}

}  // namespace cluster::frontend
