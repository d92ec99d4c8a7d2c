#include "rolls/engine/document.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  may_refuse([&] {
    for (const auto& [key, value] :
         rolls::parse_document(text_of(data, size), "roll.yaml").entries("a")) {
      may_refuse([&, one = value] { one.list("a list"); });
    }
  });
  return 0;
}
