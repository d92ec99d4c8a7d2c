#include "node-agent/cards/mig.h"

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/kernel/quiet_read.h"

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

fs::path mig_folder(const fs::path& proc, long long minor) {
  return proc / "driver/nvidia/capabilities" / ("gpu" + std::to_string(minor)) / "mig";
}

// The numbers of the folders with this prefix: of "gi1" and "gi13".
std::vector<int> numbers_in(const fs::path& folder, std::string_view prefix) {
  std::vector<int> numbers;
  for (const auto& entry : entries_quietly(folder)) {
    const auto name = entry.filename().native();
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
    const auto mig = mig_folder(proc, *minor);
    for (const int number : numbers_in(mig, "gi")) {
      const auto folder = mig / ("gi" + std::to_string(number));
      found.push_back({card.label(), gpu.pci, number, numbers_in(folder, "ci")});
    }
  }
  return found;
}

std::set<std::string> mig_nodes(const MigInstance& instance, const fs::path& proc) {
  std::set<std::string> nodes;
  const auto minor = minor_of(proc, instance.pci);
  if (!minor) return nodes;
  const auto folder = mig_folder(proc, *minor) / ("gi" + std::to_string(instance.number));
  std::vector<fs::path> files{folder / "access"};
  for (const int number : instance.compute_instances) {
    files.push_back(folder / ("ci" + std::to_string(number)) / "access");
  }
  constexpr std::string_view kKey = "DeviceFileMinor:";
  for (const auto& file : files) {
    const auto text = read_all_quietly(file);
    if (text.starts_with(kKey)) {
      const auto line = split(std::string_view(text).substr(kKey.size()), '\n').front();
      nodes.insert("/dev/nvidia-caps/nvidia-cap" + std::string(trim(line)));
    }
  }
  return nodes;
}

bool is_mig_instance(std::string_view name) {
  constexpr std::string_view kPart = "-gi";
  const auto at = name.find(kPart);
  return at != std::string_view::npos && parse_number(name.substr(at + kPart.size())).has_value();
}

bool is_mig_profile(std::string_view type) {
  const auto digits = type.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string_view::npos && type.substr(digits).starts_with("g.");
}

}  // namespace cluster::agent
