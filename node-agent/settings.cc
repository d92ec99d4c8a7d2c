#include "node-agent/settings.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "node-agent/sysfs.h"

namespace cluster::agent {
namespace {

constexpr std::string_view kDriverCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  Settings read(const std::string& text) const {
    try {
      return read_map(YAML::Load(text));
    } catch (const YAML::Exception& error) {
      refuse(error.mark, error.msg);
    }
  }

 private:
  Settings read_map(const YAML::Node& root) const {
    Settings settings;
    if (root.IsNull()) return settings;  // an empty file, or comments only
    if (!root.IsMap()) refuse(root.Mark(), "want `key: value` lines");
    std::set<std::string> seen;
    for (const auto& entry : root) {
      const auto key = scalar(entry.first, "a key");
      if (!seen.insert(key).second) refuse(entry.first.Mark(), quote(key) + " is given twice");
      if (key == "vendors") {
        settings.vendors = ids(entry.second, key);
      } else if (key == "classes") {
        settings.classes = ids(entry.second, key);
      } else if (key == "devices") {
        settings.devices = named(entry.second, key);
      } else if (key == "ignore") {
        settings.ignore = named(entry.second, key);
      } else if (key == "stub_driver") {
        settings.stub_driver = driver(entry.second);
      } else {
        refuse(entry.first.Mark(),
               "unknown key " + quote(key) +
                   did_you_mean(key, {"vendors", "classes", "devices", "ignore", "stub_driver"}));
      }
    }
    return settings;
  }

  std::vector<std::uint16_t> ids(const YAML::Node& list, const std::string& key) const {
    if (!list.IsSequence() || list.size() == 0) {
      refuse(list.Mark(), quote(key) + R"( wants a list of four hex digits each, ["10de"])");
    }
    std::vector<std::uint16_t> values;
    for (const auto& item : list) {
      const auto text = scalar(item, key);
      const auto value = parse_hex4(text);
      if (!value) {
        refuse(item.Mark(), quote(text) + " in " + quote(key) + " is not four hex digits (10de)");
      }
      values.push_back(*value);
    }
    return values;
  }

  // Each an address in any spelling, or vendor:device.
  NamedDevices named(const YAML::Node& list, const std::string& key) const {
    NamedDevices named;
    if (list.IsNull()) return named;
    if (!list.IsSequence()) {
      refuse(list.Mark(), quote(key) + R"( wants a list, ["0000:03:00.0", "144d:a804"])");
    }
    for (const auto& item : list) {
      const auto text = scalar(item, key);
      const auto parts = split(text, ':');
      const auto vendor = parse_hex4(parts.front());
      const auto device = parse_hex4(parts.back());
      if (parts.size() == 2 && vendor && device) {
        named.models.push_back({*vendor, *device});
        continue;
      }
      try {
        named.addresses.push_back(PciAddress::parse(text));
      } catch (const Error&) {
        refuse(item.Mark(), quote(text) + " in " + quote(key) +
                                " is neither an address (0000:03:00.0) nor vendor:device "
                                "(144d:a804)");
      }
    }
    return named;
  }

  std::string driver(const YAML::Node& node) const {
    auto name = scalar(node, "stub_driver");
    if (name.empty() || name.find_first_not_of(kDriverCharacters) != std::string::npos) {
      refuse(node.Mark(), "not a driver name: " + quote(name) + " (want vfio-pci)");
    }
    return name;
  }

  std::string scalar(const YAML::Node& node, const std::string& what) const {
    if (!node.IsScalar()) refuse(node.Mark(), quote(what) + " wants a plain word");
    return node.Scalar();
  }

  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& why) const {
    throw Error(Fault::usage, file_ + ":" + std::to_string(mark.line + 1) + ": " + why);
  }

  std::string file_;
};

}  // namespace

bool NamedDevices::has(const PciAddress& pci, const PciModel& model) const {
  return std::ranges::find(addresses, pci) != addresses.end() ||
         std::ranges::find(models, model) != models.end();
}

bool Settings::is_stub(std::string_view driver) const {
  return driver == stub_driver || driver == "pci-stub" || driver == "vfio-pci" ||
         driver.ends_with("-vfio-pci") || driver.ends_with("_vfio_pci");
}

Settings load_settings(const std::filesystem::path& path) {
  const auto text = read_file(path);
  return text ? Reader(path.native()).read(*text) : Settings{};
}

}  // namespace cluster::agent
