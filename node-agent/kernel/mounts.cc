#include "node-agent/kernel/mounts.h"

#include <algorithm>
#include <iterator>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/kernel/namespaces.h"

namespace cluster::agent {

namespace fs = std::filesystem;

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto code = text.substr(at + 1, 3);
    const bool escaped = text[at] == '\\' && code.size() == 3 &&
                         code.find_first_not_of("01234567") == std::string_view::npos;
    if (!escaped) {
      out += text[at];
      continue;
    }
    out += static_cast<char>((code[0] - '0') * 64 + (code[1] - '0') * 8 + (code[2] - '0'));
    at += 3;
  }
  return out;
}

std::vector<Mount> mounts_in(std::string_view table, pid_t pid) {
  std::vector<Mount> mounts;
  for (const auto line : split(table, '\n')) {
    const auto words = split(line, ' ');
    const auto dash = line.find(" - ");
    if (words.size() < 5 || dash == std::string_view::npos) continue;
    const auto more = split(line.substr(dash + 3), ' ');
    const auto word = [&](std::size_t at) {
      return at < more.size() ? std::string(more[at]) : std::string();
    };
    mounts.push_back(
        {std::string(words[2]), unescaped(words[4]), word(0), unescaped(word(1)), word(2), pid});
  }
  return mounts;
}

std::vector<Mount> all_mounts(const fs::path& proc) {
  auto mounts = mounts_in(read_file(proc / "self/mountinfo").value_or(""));
  for (const auto& other : other_namespaces(proc, "mnt")) {
    try {
      const auto table = read_file(proc / std::to_string(other.pid) / "mountinfo").value_or("");
      std::ranges::move(mounts_in(table, other.pid), std::back_inserter(mounts));
    } catch (const Error&) {
      continue;  // The process has gone, or hides its mounts from us.
    }
  }
  return mounts;
}

const Mount* mount_of(const std::vector<Mount>& mounts, std::string_view file, pid_t pid) {
  const Mount* nearest = nullptr;
  for (const auto& one : mounts) {
    if (one.pid != pid || !file.starts_with(one.point)) continue;
    const auto rest = file.substr(one.point.size());
    if (one.point != "/" && !rest.empty() && rest.front() != '/') continue;
    // The later one of two mounts on the same place hides the other.
    if (nearest == nullptr || one.point.size() >= nearest->point.size()) nearest = &one;
  }
  return nearest;
}

}  // namespace cluster::agent
