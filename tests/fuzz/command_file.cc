#include "core/command_reader.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  const auto text = text_of(data, size);
  may_refuse([&] {
    CommandReader reader(text);
    for (CommandLine command; reader.next(command);) {
    }
  });
  return 0;
}
