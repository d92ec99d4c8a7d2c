// The inventories of other tools: the first byte chooses which.
#include "frontend/neighbours/neighbour.h"

#include "core/text.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  if (size == 0) return 0;
  const auto formats = frontend::neighbour_formats();
  const auto& format = formats[data[0] % formats.size()];
  const auto text = text_of(data + 1, size - 1);
  // A configuration of ssh would read the files that it includes.
  if (lower(text).find("include") != std::string::npos) return 0;
  may_refuse([&] { format.read(text, "file"); });
  return 0;
}
