#include "node-agent/cards/mig.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

namespace fs = std::filesystem;

std::optional<long long> minor_of(const fs::path& proc, const PciAddress& pci) {
  constexpr std::string_view kKey = "Device Minor:";
  try {
    const auto text =
        read_file(proc / "driver/nvidia/gpus" / pci.sysfs() / "information").value_or("");
    for (const auto line : split(text, '\n')) {
      if (line.starts_with(kKey)) return parse_number(trim(line.substr(kKey.size())));
    }
  } catch (const Error&) {
  }
  return std::nullopt;
}

// The numbers of the folders with this prefix: of "gi1" and "gi13".
std::vector<int> numbers_in(const fs::path& folder, std::string_view prefix) {
  std::vector<int> numbers;
  std::error_code none;
  for (fs::directory_iterator at(folder, none), end; !none && at != end; at.increment(none)) {
    const auto name = at->path().filename().native();
    if (!name.starts_with(prefix)) continue;
    if (const auto number = parse_number(name.substr(prefix.size()))) {
      numbers.push_back(static_cast<int>(*number));
    }
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace

std::string MigInstance::name() const { return card + "-gi" + std::to_string(number); }

std::vector<MigInstance> mig_instances(const std::vector<Card>& cards, const fs::path& proc) {
  std::vector<MigInstance> found;
  for (const auto& card : cards) {
    const auto& gpu = card.functions.front();
    if (card.slice || gpu.driver != "nvidia") continue;
    const auto minor = minor_of(proc, gpu.pci);
    if (!minor) continue;
    const auto mig = proc / "driver/nvidia/capabilities" / ("gpu" + std::to_string(*minor)) / "mig";
    for (const int number : numbers_in(mig, "gi")) {
      const auto folder = mig / ("gi" + std::to_string(number));
      found.push_back({card.label(), gpu.pci, number, numbers_in(folder, "ci")});
    }
  }
  return found;
}

std::string mig_create_command(const PciAddress& pci, std::string_view profile) {
  return "nvidia-smi mig -i " + pci.sysfs() + " -cgi " + std::string(profile) + " -C";
}

std::string mig_remove_command(const MigInstance& instance) {
  const auto of = "nvidia-smi mig -i " + instance.pci.sysfs();
  const auto number = " -gi " + std::to_string(instance.number);
  const auto compute = instance.compute_instances.empty() ? "" : of + " -dci" + number + " && ";
  return compute + of + " -dgi" + number;
}

bool is_mig_profile(std::string_view type) {
  const auto digits = type.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string_view::npos && type.substr(digits).starts_with("g.");
}

}  // namespace cluster::agent
