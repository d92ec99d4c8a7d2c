// The settings of gpupci on a host, and its file of known troubles.
#include <cstdlib>
#include <fstream>

#include "node-agent/checks/known_troubles.h"
#include "node-agent/settings.h"
#include "node-agent/yaml_reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temp_dir.h"

namespace {

using cluster::agent::YamlValue;

// What a file of so many bytes may come to, references to other places in it counted each time.
void must_be_bounded(const YamlValue& value, int deepest, std::size_t& bytes) {
  bytes += value.text.size();
  if (deepest == 0 || bytes > (std::size_t{1} << 20U)) std::abort();
  for (const auto* list : {&value.keys, &value.items}) {
    for (const auto& one : *list) must_be_bounded(one, deepest - 1, bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  static const TempDir folder;
  const auto text = text_of(data, size);
  may_refuse([&] {
    std::size_t bytes = 0;
    must_be_bounded(agent::YamlFile("file", text).root(), 8, bytes);
  });
  may_refuse([&] {
    for (const auto& known : agent::parse_known("file", text)) {
      if (known.name.empty()) std::abort();
    }
  });
  std::ofstream(folder.path() / "gpupci.yaml") << text;
  may_refuse([&] { agent::load_settings(folder.path() / "gpupci.yaml"); });
  return 0;
}
