// What the agent in a guest answers: the first line when a program is to start, the rest when it is
// asked how that fares. The guest beside it is sane, and must fare as if it were alone.
#include "frontend/hosts/guest_agent.h"

#include <cstdlib>
#include <utility>

#include "tests/fuzz/fuzz.h"
#include "tests/support/fake_domains.h"

namespace {

using namespace cluster;

virt::AgentReply sane(bool starts) {
  return {starts ? R"({"return":{"pid":7}})"
                 : R"({"return":{"exited":true,"exitcode":3,"out-data":"b2s="}})",
          std::nullopt};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto said = text_of(data, size);
  const auto end = said.find('\n');
  const auto later = end == std::string::npos ? said : said.substr(end + 1);
  FakeDomains domains;
  auto& host = domains.hosts["n1"];
  for (const std::string name : {"bad", "good"}) {
    virt::Domain domain;
    domain.name = domain.uuid = name;
    host.domains.push_back(std::move(domain));
  }
  host.agent = [&](const std::string& vm, const std::string& json) {
    const bool starts = json.find("guest-exec-status") == std::string::npos;
    if (vm == "good") return sane(starts);
    return virt::AgentReply{starts ? said.substr(0, end) : later, std::nullopt};
  };
  const auto opened = domains.opener()({"n1", "", 0, ""}, {});
  const auto outputs = frontend::run_in_guests(
      *opened, {"bad", "good"}, {"/bin/sh", {"-s"}, "true"}, std::chrono::seconds(0));
  const auto& good = outputs.at(1);
  if (outputs.size() != 2 || good.failure || good.out != "ok" || good.status != 3) std::abort();
  return 0;
}
