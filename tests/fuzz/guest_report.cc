#include "frontend/guests/guest_report.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cluster;
  const frontend::GuestReport report(text_of(data, size));
  report.line_with("kernel-log", {"NVRM", "Xid"});
  return 0;
}
