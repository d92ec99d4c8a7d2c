#include <algorithm>

#include "core/text.h"
#include "rolls/engine/shell_text.h"
#include "rolls/engine/spelling.h"
#include "rolls/engine/step_kind.h"

namespace cluster::rolls {
namespace {

bool is_owner(std::string_view text) {
  const auto parts = split(text, ':');
  return parts.size() == 2 && std::ranges::all_of(parts, [](std::string_view part) {
           return spelled(part, "abcdefghijklmnopqrstuvwxyz_", kLettersDigits, "-_");
         });
}

// True if `text` is a mode as stat(1) spells it: 0 and three digits, the first of which is not 0. A
// mode with set-user-ID or the like is refused.
bool is_mode(std::string_view text) {
  return text.size() == 4 && text[0] == '0' && text[1] != '0' &&
         text.find_first_not_of("01234567") == std::string_view::npos;
}

void read(const Item& value, const RollReading& reading, HostPart& part) {
  for (const auto& item : value.list("files")) {
    const Fields fields(item, "file", {"from", "to", "mode", "owner", "family"});
    HostFile file;
    const auto& entry = reading.files.named_by(fields.require("from"), "from");
    file.from = entry.path;
    file.text = reading.files.template_of(entry, reading.names, true);
    const auto to = fields.require("to");
    file.to = to.line("to");
    if (!file.to.starts_with("/") || file.to.ends_with("/") ||
        std::filesystem::path(file.to).lexically_normal() != std::filesystem::path(file.to)) {
      to.refuse("not a path on the host: " + quote(file.to) +
                " (want an absolute one without '..', /etc/gpupci/gpupci.yaml)");
    }
    if (const auto mode = fields.find("mode")) {
      file.mode = word(*mode, "mode", is_mode, "four octal digits, 0644");
    }
    if (const auto owner = fields.find("owner")) {
      file.owner = word(*owner, "owner", is_owner, "root:root");
    }
    file.family = family_of(fields);
    for (const auto& other : part.files) {
      if (other.to == file.to && share_hosts(other.family, file.family)) {
        to.refuse("a second file " + quote(file.to) + " for the same hosts");
      }
    }
    part.files.push_back(std::move(file));
  }
}

std::vector<PlannedItem> plan(const HostPart& part) {
  std::vector<PlannedItem> items;
  for (const auto& file : part.files) items.push_back({file.to, file.family});
  return items;
}

void write(const HostPart& part, ScriptLines& lines) {
  for (const auto& file : part.files) {
    const auto text = filled(file.text, lines.roll.full_name() + "/" + file.from, lines.values,
                             [](const std::string& value) { return value; });
    lines.text +=
        "\n" + only_for(file.family, "file " + shell_word(file.to) + " " + file.mode + " " +
                                         shell_word(file.owner) + here_document(text));
  }
}

void undo(const HostPart& part, ScriptLines& lines) {
  for (auto file = part.files.rbegin(); file != part.files.rend(); ++file) {
    lines.text += only_for(file->family, "put_back " + shell_word(file->to) + "\n");
  }
}

}  // namespace

const StepKind kFiles{"files", "file", false, read, plan, write, undo};

}  // namespace cluster::rolls
