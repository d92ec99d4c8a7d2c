#include "virt/domain_capabilities.h"

#include <algorithm>
#include <array>
#include <pugixml.hpp>

#include "core/error.h"
#include "core/text.h"
#include "virt/domain_tree.h"

namespace cluster::virt {
namespace {

// A thing that a document may ask for, and where libvirt tells which of it there are. The types of
// host devices are left out: libvirt does not tell of mediated ones.
struct Question {
  const char* where;  // XPath of attributes or elements
  const char* kind;   // below <domainCapabilities>, devices/ left out
  const char* word;
};

constexpr std::array kQuestions{
    Question{"os/@firmware", "os/firmware", "firmware"},
    Question{"os/loader/@secure", "os/loader/secure", "value of a loader's secure="},
    Question{"os/loader/@type", "os/loader/type", "loader of type"},
    Question{"cpu/@mode", "cpu/mode", "CPU mode"},
    Question{"cpu/model", "cpu/model", "CPU model"},
    Question{"memoryBacking/source/@type", "memoryBacking/sourceType", "memory from source"},
    Question{"devices/disk/@device", "disk/diskDevice", "disk as"},
    Question{"devices/disk/target/@bus", "disk/bus", "disk bus"},
    Question{"devices/graphics/@type", "graphics/type", "graphics"},
    Question{"devices/video/model/@type", "video/modelType", "video model"},
    Question{"devices/rng/@model", "rng/model", "random number generator"},
    Question{"devices/rng/backend/@model", "rng/backendModel", "source of random numbers"},
    Question{"devices/filesystem/driver/@type", "filesystem/driverType", "filesystem driver"},
    Question{"devices/tpm/@model", "tpm/model", "TPM model"},
    Question{"devices/tpm/backend/@type", "tpm/backendModel", "TPM backend"},
    Question{"devices/tpm/backend/@version", "tpm/backendVersion", "TPM version"},
    Question{"devices/redirdev/@bus", "redirdev/bus", "redirected device on bus"},
    Question{"devices/channel/@type", "channel/type", "channel"},
    Question{"devices/crypto/@model", "crypto/model", "crypto device"},
    Question{"devices/panic/@model", "panic/model", "panic device"},
};

// Each <enum> is a kind; an element with supported='no' has none of its kinds.
void read(pugi::xml_node element, const std::string& path,
          std::map<std::string, std::vector<std::string>>& values) {
  if (attribute(element, "supported") == "no") {
    values[path] = {};
    return;
  }
  for (const auto child : elements(element)) {
    const std::string_view name = child.name();
    if (name == "enum") {
      auto& all = values[path + "/" + std::string(attribute(child, "name"))];
      for (const auto value : child.children("value")) {
        const auto text = std::string(text_of(value));
        // Blanks are between the values of a line.
        if (text.find_first_of(" \n") == std::string::npos) all.push_back(text);
      }
    } else if (name != "cpu") {
      const auto below = name == "devices" ? "" : (path.empty() ? "" : path + "/") + child.name();
      read(child, below, values);
    }
  }
}

void read_cpu(pugi::xml_node cpu, std::map<std::string, std::vector<std::string>>& values) {
  for (const auto mode : cpu.children("mode")) {
    if (attribute(mode, "supported") == "yes") {
      values["cpu/mode"].emplace_back(attribute(mode, "name"));
    }
    if (attribute(mode, "name") != "custom") continue;
    // Whether a model is usable depends on what else the document says of the CPU.
    for (const auto model : mode.children("model")) {
      values["cpu/model"].emplace_back(text_of(model));
    }
  }
}

}  // namespace

std::string DomainMachine::text() const {
  return joined(std::vector<std::string>{type, arch, machine, emulator}, " ");
}

DomainWishes wishes_of(const std::string& document) {
  pugi::xml_document read;
  read_domain(read, document);
  const auto domain = read.child("domain");
  const auto type = domain.child("os").child("type");
  DomainWishes asked;
  asked.machine = {std::string(attribute(domain, "type")), std::string(attribute(type, "arch")),
                   std::string(attribute(type, "machine")),
                   std::string(text_of(domain.child("devices").child("emulator")))};
  for (const auto& one : kQuestions) {
    for (const auto& found : domain.select_nodes(one.where)) {
      const std::string value =
          found.attribute().empty() ? found.node().text().as_string() : found.attribute().value();
      if (!value.empty()) asked.wishes.push_back({one.kind, one.word, value});
    }
  }
  return asked;
}

DomainCapabilities DomainCapabilities::of_libvirt(const std::string& xml) {
  pugi::xml_document document;
  const auto root = document.load_buffer(xml.data(), xml.size())
                        ? document.child("domainCapabilities")
                        : pugi::xml_node();
  if (root.empty()) throw Error(Fault::io, "libvirt tells no capabilities of domains");
  DomainCapabilities out;
  read(root, "", out.values_);
  read_cpu(root.child("cpu"), out.values_);
  return out;
}

DomainCapabilities DomainCapabilities::parse(const std::string& text) {
  DomainCapabilities out;
  for (const auto line : split(text, '\n')) {
    auto words = split(line, ' ');
    if (words.empty() || words[0].empty()) continue;
    auto& values = out.values_[std::string(words[0])];
    values.assign(words.begin() + 1, words.end());
  }
  return out;
}

std::string DomainCapabilities::text() const {
  std::string out;
  for (const auto& [kind, values] : values_) {
    out += kind;
    for (const auto& value : values) out += " " + value;
    out += "\n";
  }
  return out;
}

// A whole kind of device that there is none of stands under its own name.
bool DomainCapabilities::supports(const std::string& kind, const std::string& value) const {
  const auto whole = values_.find(kind.substr(0, kind.rfind('/')));
  if (whole != values_.end() && whole->second.empty()) return false;
  const auto found = values_.find(kind);
  return found == values_.end() || std::ranges::find(found->second, value) != found->second.end();
}

std::string DomainCapabilities::list(const std::string& kind) const {
  constexpr std::size_t kMost = 16;  // there are more than a hundred CPU models
  const auto there = values_.find(kind);
  if (there == values_.end() || there->second.empty()) return "none";
  if (there->second.size() > kMost) return std::to_string(there->second.size()) + " others";
  return joined(there->second, ", ");
}

std::vector<std::string> DomainCapabilities::lacking(const std::string& document) const {
  return lacking(wishes_of(document));
}

std::vector<std::string> DomainCapabilities::lacking(const DomainWishes& asked) const {
  std::vector<std::string> out;
  for (const auto& wish : asked.wishes) {
    if (supports(wish.kind, wish.value)) continue;
    auto line = "no " + wish.word + " " + quote(wish.value) + " (it has " + list(wish.kind) + ")";
    if (std::ranges::find(out, line) == out.end()) out.push_back(std::move(line));
  }
  return out;
}

}  // namespace cluster::virt
