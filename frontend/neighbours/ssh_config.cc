// ssh_config(5): each Host that is no pattern. What else ssh needs stays in the file, which
// `cluster` reads as ssh does.
#include <charconv>

#include "frontend/neighbours/neighbour.h"
#include "ssh/config_file.h"

namespace cluster::frontend {
namespace {

int line_of(const std::string& where) {
  int line = 0;
  const auto colon = where.rfind(':');
  if (colon == std::string::npos) return 0;
  std::from_chars(where.data() + colon + 1, where.data() + where.size(), line);
  return line;
}

}  // namespace

NeighbourReading read_ssh_config(std::string_view text, const std::string& file) {
  NeighbourHosts hosts;
  for (const auto& block : ssh::parse_config(text, file, {})) {
    if (block.conditions.size() != 1 || block.conditions[0].keyword != "host") continue;
    for (const auto& name : block.conditions[0].words) {
      if (name.find_first_of("*?!") != std::string::npos) continue;
      auto& host = hosts.at(name, line_of(block.conditions[0].where));
      for (const auto& setting : block.settings) {
        const auto& value = setting.words.at(0);
        // The first value counts, as in ssh; %h is what was typed.
        if (setting.keyword == "hostname" && value != "%h" && value != name) {
          host.keys.emplace("address", value);
        }
        if (setting.keyword == "port") host.keys.emplace("port", value);
        if (setting.keyword == "user") host.keys.emplace("user", value);
      }
    }
  }
  return hosts.reading();
}

}  // namespace cluster::frontend
