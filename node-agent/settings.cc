#include "node-agent/settings.h"

#include <algorithm>

#include "core/error.h"
#include "core/file.h"
#include "core/hex.h"
#include "core/stub_driver.h"
#include "core/text.h"
#include "node-agent/yaml_reader.h"

namespace cluster::agent {
namespace {

constexpr std::string_view kDriverCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

std::vector<std::uint16_t> ids(const YamlFile& file, const YamlValue& list,
                               const std::string& key) {
  std::vector<std::uint16_t> values;
  for (const auto& item : list.items) {
    const auto text = file.scalar(item, key);
    const auto value = parse_hex4(text);
    if (!value) {
      file.refuse(item, quote(text) + " in " + quote(key) + " is not four hex digits (10de)");
    }
    values.push_back(*value);
  }
  if (values.empty()) {
    file.refuse(list, quote(key) + R"( wants a list of four hex digits each, ["10de"])");
  }
  return values;
}

// Each item is an address in any spelling, or vendor:device.
NamedDevices named(const YamlFile& file, const YamlValue& list, const std::string& key) {
  NamedDevices named;
  if (list.kind == YamlValue::Kind::null) return named;
  if (list.kind != YamlValue::Kind::list) {
    file.refuse(list, quote(key) + R"( wants a list, ["0000:03:00.0", "144d:a804"])");
  }
  for (const auto& item : list.items) {
    const auto text = file.scalar(item, key);
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
      file.refuse(item, quote(text) + " in " + quote(key) +
                            " is neither an address (0000:03:00.0) nor vendor:device "
                            "(144d:a804)");
    }
  }
  return named;
}

std::string driver(const YamlFile& file, const YamlValue& value) {
  auto name = file.scalar(value, "stub_driver");
  if (name.empty() || name.find_first_not_of(kDriverCharacters) != std::string::npos) {
    file.refuse(value, "not a driver name: " + quote(name) + " (want vfio-pci)");
  }
  return name;
}

Settings read(const YamlFile& file) {
  Settings settings;
  for (const auto& [key, at, value] : file.mapping(file.root(), "want `key: value` lines")) {
    if (key == "vendors") {
      settings.vendors = ids(file, *value, key);
    } else if (key == "classes") {
      settings.classes = ids(file, *value, key);
    } else if (key == "devices") {
      settings.devices = named(file, *value, key);
    } else if (key == "ignore") {
      settings.ignore = named(file, *value, key);
    } else if (key == "stub_driver") {
      settings.stub_driver = driver(file, *value);
    } else {
      file.refuse(*value, "unknown key " + quote(key) +
                              did_you_mean(
                                  key, {"vendors", "classes", "devices", "ignore", "stub_driver"}));
    }
  }
  return settings;
}

}  // namespace

bool NamedDevices::has(const PciAddress& pci, const PciModel& model) const {
  return std::ranges::find(addresses, pci) != addresses.end() ||
         std::ranges::find(models, model) != models.end();
}

bool Settings::is_stub(std::string_view driver) const {
  return driver == stub_driver || is_stub_driver(driver);
}

Settings load_settings(const std::filesystem::path& path) {
  const auto text = read_file(path);
  return text ? read(YamlFile(path.native(), *text)) : Settings{};
}

}  // namespace cluster::agent
