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

// Reads an address in any spelling, or vendor:device, which names a model.
void add(NamedDevices& named, const YamlFile& file, const YamlValue& at, const std::string& text,
         const std::string& key) {
  const auto parts = split(text, ':');
  const auto vendor = parse_hex4(parts.front());
  const auto device = parse_hex4(parts.back());
  if (parts.size() == 2 && vendor && device) {
    named.models.push_back({*vendor, *device});
    return;
  }
  try {
    named.addresses.push_back(PciAddress::parse(text));
  } catch (const Error&) {
    file.refuse(at, quote(text) + " in " + quote(key) +
                        " is neither an address (0000:03:00.0) nor vendor:device (144d:a804)");
  }
}

NamedDevices named(const YamlFile& file, const YamlValue& list, const std::string& key) {
  NamedDevices named;
  if (list.kind == YamlValue::Kind::null) return named;
  if (list.kind != YamlValue::Kind::list) {
    file.refuse(list, quote(key) + R"( wants a list, ["0000:03:00.0", "144d:a804"])");
  }
  for (const auto& item : list.items) add(named, file, item, file.scalar(item, key), key);
  return named;
}

void read_functions(Settings& settings, const YamlFile& file, const YamlValue& value) {
  const std::string want =
      R"('functions' wants `"1022:15e3": card` or `"0000:03:00.2": host` lines)";
  for (const auto& [name, at, whose] : file.mapping(value, want)) {
    const auto word = file.scalar(*whose, name);
    if (word != "card" && word != "host") {
      file.refuse(*whose, quote(word) + " of " + quote(name) + " is neither card nor host");
    }
    add(word == "card" ? settings.of_card : settings.of_host, file, *at, name, "functions");
  }
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
    } else if (key == "functions") {
      read_functions(settings, file, *value);
    } else if (key == "stub_driver") {
      settings.stub_driver = driver(file, *value);
      settings.stub_driver_is_named = true;
    } else {
      file.refuse(*value, "unknown key " + quote(key) +
                              did_you_mean(key, {"vendors", "classes", "devices", "ignore",
                                                 "functions", "stub_driver"}));
    }
  }
  return settings;
}

}  // namespace

bool NamedDevices::has(const PciAddress& pci, const PciModel& model) const {
  return std::ranges::find(addresses, pci) != addresses.end() ||
         std::ranges::find(models, model) != models.end();
}

std::optional<bool> Settings::belongs(const PciAddress& pci, const PciModel& model) const {
  const auto has = [](const auto& list, const auto& one) {
    return std::ranges::find(list, one) != list.end();
  };
  if (has(of_card.addresses, pci)) return true;
  if (has(of_host.addresses, pci)) return false;
  if (has(of_card.models, model)) return true;
  if (has(of_host.models, model)) return false;
  return std::nullopt;
}

bool Settings::is_stub(std::string_view driver) const {
  return is_stub_driver(driver, stub_driver);
}

Settings load_settings(const std::filesystem::path& path) {
  const auto text = read_file(path);
  return text ? read(YamlFile(path.native(), *text)) : Settings{};
}

}  // namespace cluster::agent
