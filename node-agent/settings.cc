#include "node-agent/settings.h"

#include <yaml.h>

#include <algorithm>
#include <memory>
#include <new>
#include <set>
#include <span>

#include "core/error.h"
#include "core/file.h"
#include "core/hex.h"
#include "core/stub_driver.h"
#include "core/text.h"

namespace cluster::agent {
namespace {

constexpr std::string_view kDriverCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

// The settings are read with libyaml, which is 84 KB of gpupci; yaml-cpp would be 160, and its
// streams 400 more.
class Reader {
 public:
  Reader(std::string file, const std::string& text) : file_(std::move(file)) {
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) throw std::bad_alloc();
    const std::unique_ptr<yaml_parser_t, decltype(&yaml_parser_delete)> end(&parser,
                                                                            yaml_parser_delete);
    const auto* bytes = reinterpret_cast<const yaml_char_t*>(text.data());
    yaml_parser_set_input_string(&parser, bytes, text.size());
    if (yaml_parser_load(&parser, &document_) == 0) refuse(parser, text);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { yaml_document_delete(&document_); }

  Settings read() {
    Settings settings;
    const auto* root = yaml_document_get_root_node(&document_);
    if (root == nullptr || is_null(*root)) return settings;  // an empty file, or comments only
    if (root->type != YAML_MAPPING_NODE) refuse(*root, "want `key: value` lines");
    std::set<std::string> seen;
    const auto& pairs = root->data.mapping.pairs;
    for (const auto& pair : std::span(pairs.start, pairs.top)) {
      const auto& key_node = node(pair.key);
      const auto& value = node(pair.value);
      const auto key = scalar(key_node, "a key");
      if (!seen.insert(key).second) refuse(key_node, quote(key) + " is given twice");
      if (key == "vendors") {
        settings.vendors = ids(value, key);
      } else if (key == "classes") {
        settings.classes = ids(value, key);
      } else if (key == "devices") {
        settings.devices = named(value, key);
      } else if (key == "ignore") {
        settings.ignore = named(value, key);
      } else if (key == "stub_driver") {
        settings.stub_driver = driver(value);
      } else {
        refuse(key_node,
               "unknown key " + quote(key) +
                   did_you_mean(key, {"vendors", "classes", "devices", "ignore", "stub_driver"}));
      }
    }
    return settings;
  }

 private:
  std::vector<std::uint16_t> ids(const yaml_node_t& list, const std::string& key) {
    std::vector<std::uint16_t> values;
    if (list.type == YAML_SEQUENCE_NODE) {
      for (const auto index : items(list)) {
        const auto text = scalar(node(index), key);
        const auto value = parse_hex4(text);
        if (!value) {
          refuse(node(index), quote(text) + " in " + quote(key) + " is not four hex digits (10de)");
        }
        values.push_back(*value);
      }
    }
    if (values.empty()) {
      refuse(list, quote(key) + R"( wants a list of four hex digits each, ["10de"])");
    }
    return values;
  }

  // Each item is an address in any spelling, or vendor:device.
  NamedDevices named(const yaml_node_t& list, const std::string& key) {
    NamedDevices named;
    if (is_null(list)) return named;
    if (list.type != YAML_SEQUENCE_NODE) {
      refuse(list, quote(key) + R"( wants a list, ["0000:03:00.0", "144d:a804"])");
    }
    for (const auto index : items(list)) {
      const auto text = scalar(node(index), key);
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
        refuse(node(index), quote(text) + " in " + quote(key) +
                                " is neither an address (0000:03:00.0) nor vendor:device "
                                "(144d:a804)");
      }
    }
    return named;
  }

  std::string driver(const yaml_node_t& value) const {
    auto name = scalar(value, "stub_driver");
    if (name.empty() || name.find_first_not_of(kDriverCharacters) != std::string::npos) {
      refuse(value, "not a driver name: " + quote(name) + " (want vfio-pci)");
    }
    return name;
  }

  std::string scalar(const yaml_node_t& value, const std::string& what) const {
    if (value.type != YAML_SCALAR_NODE || is_null(value)) {
      refuse(value, quote(what) + " wants a plain word");
    }
    return text_of(value);
  }

  // libyaml takes every scalar for a text, even one that is absent.
  static bool is_null(const yaml_node_t& value) {
    if (value.type != YAML_SCALAR_NODE) return false;
    if (value.data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
    const auto text = text_of(value);
    return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
  }

  static std::string text_of(const yaml_node_t& value) {
    const auto& scalar = value.data.scalar;
    return {reinterpret_cast<const char*>(scalar.value), scalar.length};
  }

  static std::span<const yaml_node_item_t> items(const yaml_node_t& list) {
    return {list.data.sequence.items.start, list.data.sequence.items.top};
  }

  const yaml_node_t& node(int index) { return *yaml_document_get_node(&document_, index); }

  // When a byte is not UTF-8, libyaml knows its place in the text but not its line.
  [[noreturn]] void refuse(const yaml_parser_t& parser, std::string_view text) const {
    if (parser.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    const auto line = parser.error == YAML_READER_ERROR
                          ? static_cast<std::size_t>(
                                std::ranges::count(text.substr(0, parser.problem_offset), '\n'))
                          : parser.problem_mark.line;
    refuse(line, parser.problem);
  }

  [[noreturn]] void refuse(const yaml_node_t& value, const std::string& why) const {
    refuse(value.start_mark.line, why);
  }

  [[noreturn]] void refuse(std::size_t line, const std::string& why) const {
    throw Error(Fault::usage, file_ + ":" + std::to_string(line + 1) + ": " + why);
  }

  std::string file_;
  yaml_document_t document_{};
};

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
  return text ? Reader(path.native(), *text).read() : Settings{};
}

}  // namespace cluster::agent
