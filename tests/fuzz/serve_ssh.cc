#include "core/text.h"
#include "node-agent/actions/options.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  const auto text = text_of(data, size);
  std::vector<std::string> words;
  for (const auto word : split(text, ' ')) words.emplace_back(word);
  may_refuse([&] { agent::parse_options(words); });
  return 0;
}
