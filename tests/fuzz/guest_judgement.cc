// What a guest says of its cards: whatever it is, each card is judged, and nothing passes unsaid.
#include "frontend/guests/guest_judgement.h"

#include <algorithm>
#include <cstdlib>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster::frontend;
  GivenCards given{"rocks-33", "vm-container-0-15", {}, size % 2 == 0};
  for (const std::string name : {"gpupci1", "gpupci2"}) {
    const bool is_first = name == "gpupci1";
    given.cards.push_back({name,
                           cluster::DeviceKind::gpu,
                           {{is_first ? "0000:02:00.0" : "0000:03:00.0",
                             is_first ? "00.0/01.0" : "", true, "10de", "2330"}}});
  }
  const auto checks = judge_guest(given, cluster::text_of(data, size));
  for (const auto& card : given.cards) {
    const auto is_its = [&](const CheckAnswer& check) { return check.card == card.name; };
    if (std::ranges::none_of(checks, is_its)) std::abort();
  }
  return 0;
}
