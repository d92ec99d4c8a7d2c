#include "frontend/hosts/host_map.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

using ::testing::HasSubstr;

namespace fs = std::filesystem;

AgentAnswer says(const std::string& out) {
  return {{HostName("n1"), "vm-container", {}, {}, {}, {}, {}, {}}, {}, out, ""};
}

HostMap map_of_host(const std::string& name) {
  return host_map_of(says(read_file(fs::path(HOST_MAPS) / (name + ".json")).value()));
}

std::string far(const HostMap& map, const std::string& one, const std::string& other) {
  const auto ends = ends_of(map);
  const auto at = [&](const std::string& called) {
    const auto found = std::ranges::find(ends, called, [](const auto* end) { return label(*end); });
    return found == ends.end() ? throw Error(Fault::not_found, called) : *found;
  };
  return std::string(name(distance(map, *at(one), *at(other))));
}

// The agent's answers are of recorded and of fake hosts (tests/data/hosts, tests/agent/hosts) of
// the same names. ROLLCALL_WRITE_MAPS=1 writes the texts anew.
TEST(HostMap, IsDrawnAsItWas) {
  std::size_t count = 0;
  for (const auto& file : fs::directory_iterator(HOST_MAPS)) {
    if (file.path().extension() != ".json") continue;
    const auto map = map_of_host(file.path().stem());
    const auto text =
        joined(map_lines(HostName("n1"), map, {{GpuName("gpupci1"), HostName("v1")}}), "\n") + "\n";
    auto golden = file.path();
    golden.replace_extension(".txt");
    if (std::getenv("ROLLCALL_WRITE_MAPS") != nullptr) replace_file(golden, text);
    EXPECT_EQ(text, read_file(golden).value_or("")) << golden;
    ++count;
  }
  EXPECT_EQ(count, 8U);
}

TEST(HostMap, HasTheDistancesOfNvidiaSmi) {
  const auto map = map_of_host("nic-and-disk-per-switch");
  EXPECT_EQ(far(map, "gpupci1", "eth0"), "PIX");
  EXPECT_EQ(far(map, "nvme0", "gpupci1"), "PIX");
  EXPECT_EQ(far(map, "gpupci1", "eth1"), "PHB");
  EXPECT_EQ(far(map, "gpupci1", "gpupci2"), "SYS");
  EXPECT_EQ(far(map_of_host("k80-behind-plx"), "gpupci1", "gpupci2"), "PIX");
  const auto hgx = map_of_host("hgx-a100-eight");
  EXPECT_EQ(far(hgx, "gpupci1", "gpupci2"), "PIX");
  EXPECT_EQ(far(hgx, "gpupci1", "gpupci3"), "NODE");
  EXPECT_EQ(far(hgx, "gpupci1", "gpupci5"), "SYS");
  EXPECT_EQ(far(map_of_host("gtx-and-teslas"), "gpupci1", "gpupci2"), "PHB");
  EXPECT_EQ(far(map_of_host("gtx-and-teslas"), "gpupci1", "gpupci3"), "?");
}

// A function in the notation "02:00.0 < 01:00.0": the second is the bridge above.
std::string chain(const std::string& notation) {
  std::string functions;
  for (const auto line : split(notation, ';')) {
    const auto words = split(trim(line), ' ');
    functions += (functions.empty() ? "" : ",") + std::string(R"({"pci": ")") +
                 std::string(words[0]) + R"(", "kind": ")" +
                 (words.size() > 3 ? std::string(words[3]) : "port") +
                 R"(", "vendor": "1000", "device": "c010", "parent": )" +
                 (words[2] == "-" ? "null" : '"' + std::string(words[2]) + '"') + "}";
  }
  return R"({"nodes": [], "functions": [)" + functions + "]}";
}

TEST(HostMap, KnowsSeveralSwitchesFromOne) {
  const auto map = host_map_of(says(chain(
      "00:01.0 < -; 01:00.0 < 00:01.0; 02:00.0 < 01:00.0; 02:01.0 < 01:00.0; 03:00.0 < 02:00.0;"
      "04:00.0 < 03:00.0; 05:00.0 < 04:00.0 nvme; 06:00.0 < 02:01.0 network;"
      "06:00.1 < 02:01.0 network; 00:1f.6 < - network")));
  EXPECT_EQ(far(map, "0000:05:00.0", "0000:06:00.0"), "PXB");
  EXPECT_EQ(far(map, "0000:06:00.1", "0000:06:00.0"), "PIX");
  EXPECT_EQ(far(map, "0000:06:00.1", "0000:00:1f.6"), "PHB");
}

TEST(HostMap, LosesNothingBelowABridgeThatWent) {
  const auto map = host_map_of(says(chain("05:00.0 < 04:00.0 nvme")));
  EXPECT_THAT(joined(map_lines(HostName("n1"), map, {}), "\n"), HasSubstr("0000:05:00.0 nvme"));
}

TEST(HostMap, RefusesWhatIsNoTree) {
  for (const auto* text : {"", "[]", "{}", R"({"nodes": [{}], "functions": []})"}) {
    EXPECT_THROW(host_map_of(says(text)), Error) << text;
  }
  EXPECT_THROW(host_map_of(says(chain("01:00.0 < 02:00.0; 02:00.0 < 01:00.0"))), Error);
  EXPECT_THROW(host_map_of(says(chain("01:00.0 < 01:00.0"))), Error);
  EXPECT_THROW(host_map_of(says(chain("01:00.0 < -; 01:00.0 < -"))), Error);
}

TEST(HostMap, PrintsNoControlCharactersOfAHost) {
  const auto lines = map_lines(
      HostName("n1"),
      host_map_of(says(
          R"({"nodes": [{"node": 0, "cpus": "\u001b[2J", "package": 0}], "functions": [{"pci":
      "01:00.0", "kind": "\u001b[2J", "vendor": "\u001b[2J", "device": "c010", "driver":
      "\u001b[2J", "names": ["\u001b[2J"], "link": {"width": 1, "speed": "\u001b[2J"}}]})")),
      {});
  for (const auto& line : lines) EXPECT_TRUE(std::ranges::none_of(line, is_control)) << line;
}

// JSON itself lets U+007F to U+009F stand, and some of them act on a terminal.
TEST(HostMap, AsJsonHasNoControlCharactersOfAHost) {
  const auto text = map_json(
      says(
          R"({"nodes": [{"node": 0, "cpus": "\u009b2J\u007f\u001b", "package": 0}], "functions": []})"),
      {});
  EXPECT_THAT(text, HasSubstr(R"("cpus":"\u009b2J\u007f\u001b")"));
}

TEST(HostMap, AsJsonHasVmsAndDistances) {
  const auto answer = says(read_file(fs::path(HOST_MAPS) / "nic-and-disk-per-switch.json").value());
  const auto text = map_json(answer, {{GpuName("gpupci2"), HostName("v1")}});
  EXPECT_THAT(text, HasSubstr(R"("host":"n1","nodes":[{"node":0)"));
  EXPECT_THAT(text, HasSubstr(R"("vm":"v1")"));
  EXPECT_THAT(text, HasSubstr(R"({"from":"gpupci1","to":"nvme0","distance":"PIX"})"));
}

}  // namespace
}  // namespace cluster::frontend
