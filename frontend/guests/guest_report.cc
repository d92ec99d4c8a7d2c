#include "frontend/guests/guest_report.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <utility>

#include "core/hex.h"
#include "core/text.h"
#include "virt/domain_guest.h"

namespace cluster::frontend {
namespace {

// "0x10de" and "10DE" are 10de; of a class the first four digits count.
std::string four(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  return lower(text.substr(0, 4));
}

std::string mib_text(std::uint64_t bytes) {
  constexpr std::uint64_t kKib = 1024;
  const auto mib = bytes / kKib / kKib;
  return mib > 0 ? std::to_string(mib) + " MiB" : std::to_string(bytes / kKib) + " KiB";
}

// A line of `resource`: start, end and flags in hex
// (Documentation/ABI/testing/sysfs-bus-pci). One without a place keeps its size and begins at 0.
// A card does without its I/O ports (IORESOURCE_IO).
std::string unplaced_region(const std::vector<std::string_view>& words, std::size_t number) {
  if (words.size() < 4) return "";
  const auto value = [&](std::size_t i) {
    return words[i].starts_with("0x") ? parse_hex(words[i].substr(2)).value_or(0) : 0;
  };
  constexpr std::uint64_t kPorts = 0x100;
  if (value(1) != 0 || value(2) == 0 || value(3) == 0 || (value(3) & kPorts) != 0) return "";
  return "region " + std::to_string(number) + " of " + mib_text(value(2) + 1);
}

// "PCIROOT(0)#PCI(0200)#PCI(0000)" is 00/02.0/00.0.
std::string windows_path(std::string_view location) {
  std::string path;
  for (const auto part : split(location, '#')) {
    const auto open = part.find('(');
    if (open == std::string_view::npos || part.back() != ')') return "";
    const auto number = parse_hex(part.substr(open + 1, part.size() - open - 2));
    if (!number) return "";
    if (part.starts_with("PCIROOT")) {
      path = to_hex(*number, 2);
    } else {
      path += "/" + to_hex(*number >> 8U, 2) + "." + std::to_string(*number & 0xffU);
    }
  }
  return path;
}

std::vector<std::string_view> blank_words(std::string_view line) {
  auto words = split(line, ' ');
  std::erase(words, "");
  return words;
}

}  // namespace

std::string address_in(std::string_view text) {
  const auto is_hex = [&](std::size_t i) {
    return i < text.size() && std::isxdigit(static_cast<unsigned char>(text[i])) != 0;
  };
  for (auto dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.', dot + 1)) {
    constexpr std::size_t kTail = 6;  // ":01:00"
    if (dot < kTail || !is_hex(dot + 1) || text[dot - 6] != ':' || text[dot - 3] != ':') continue;
    if (!is_hex(dot - 5) || !is_hex(dot - 4) || !is_hex(dot - 2) || !is_hex(dot - 1)) continue;
    auto begin = dot - kTail;
    while (begin > 0 && is_hex(begin - 1)) --begin;
    return std::string(text.substr(begin, dot + 2 - begin));
  }
  return "";
}

GuestReport::GuestReport(const std::string& text) {
  constexpr std::string_view kMark = "=== ";
  std::string name;
  for (const auto line : split(text, '\n')) {
    const auto said = trim(line);
    if (said.starts_with(kMark)) {
      name = said.substr(kMark.size());
      parts_[name];
    } else if (!said.empty()) {
      parts_[name].emplace_back(said);
    }
  }
  whole = parts_.contains("end");
  windows = parts_.contains("pnp");
  read_linux_devices();
  read_windows_devices();
  read_lspci();
  join_sentences();
}

const std::vector<std::string>& GuestReport::part(const std::string& name) const {
  static const std::vector<std::string> none;
  const auto at = parts_.find(name);
  return at == parts_.end() ? none : at->second;
}

std::string GuestReport::line_with(const std::string& name,
                                   const std::vector<std::string>& words) const {
  const auto found = lines_with(name, words);
  return found.empty() ? "" : found.back();
}

std::vector<std::string> GuestReport::lines_with(const std::string& name,
                                                 const std::vector<std::string>& words) const {
  std::vector<std::string> found;
  for (const auto& line : part(name)) {
    const auto has = [&](const std::string& word) { return line.find(word) != std::string::npos; };
    if (std::ranges::all_of(words, has)) found.push_back(line);
  }
  return found;
}

void GuestReport::read_linux_devices() {
  std::size_t region = 0;
  for (const auto& line : part("pci")) {
    const auto words = blank_words(line);
    if (words[0] == "device" && words.size() == 8) {
      GuestDevice one;
      one.address = words[1].substr(words[1].rfind('/') + 1);
      one.path = virt::path_in_sysfs(std::string(words[1]));
      one.vendor = four(words[2]);
      one.device = four(words[3]);
      one.device_class = four(words[4]);
      if (words[5] != "-") one.driver = words[5];
      if (words[6] != "-") one.power = words[6];
      one.dead = words[7] == "ffff" || one.vendor == "ffff";
      devices.push_back(one);
      region = 0;
    } else if (words[0] == "region" && !devices.empty()) {
      if (auto unplaced = unplaced_region(words, region); !unplaced.empty()) {
        devices.back().unplaced.push_back(std::move(unplaced));
      }
      ++region;
    }
  }
}

void GuestReport::read_windows_devices() {
  for (const auto& line : part("pnp")) {
    const auto fields = split(line, '|');
    if (fields.size() < 6) continue;
    GuestDevice one;
    one.path = windows_path(fields[0]);
    one.vendor = four(fields[1]);
    one.device = four(fields[2]);
    one.problem = static_cast<int>(parse_number(fields[3]).value_or(0));
    one.driver = fields[4];
    one.name = fields[5];
    if (fields.size() > 6) one.address = fields[6];
    devices.push_back(one);
  }
}

// NVIDIA's driver tells in several lines what it does not take: "NVRM: The NVIDIA GPU
// 0000:01:00.0", "NVRM: (PCI ID: 10de:20b0) installed in this system has", "NVRM: fallen off the
// bus and ...". They become one, so that it says of which card it speaks.
void GuestReport::join_sentences() {
  constexpr std::string_view kDriver = "NVRM: ";
  constexpr int kMostLines = 6;
  const auto at = parts_.find("kernel-log");
  if (at == parts_.end()) return;
  std::vector<std::string> lines;
  std::size_t sentence = 0;  // the line with which the last one begins
  int open = 0;              // lines that may still belong to it
  for (const auto& line : at->second) {
    const auto text = line.find(kDriver);
    const auto words = text == std::string::npos
                           ? std::string_view()
                           : trim(std::string_view(line).substr(text + kDriver.size()));
    const bool begins = words.starts_with("The NVIDIA ");
    if (open > 0 && !begins && !words.empty()) {
      lines[sentence].append(" ").append(words);
      open = words.ends_with('.') ? 0 : open - 1;
      continue;
    }
    if (begins) {
      sentence = lines.size();
      open = words.ends_with('.') ? 0 : kMostLines;
    }
    lines.push_back(line);
  }
  at->second = std::move(lines);
}

// Older kernels leave no trace in `resource` of a region that they gave up.
void GuestReport::read_lspci() {
  GuestDevice* here = nullptr;
  for (const auto& line : part("lspci")) {
    const auto words = blank_words(line);
    if (words[0] == "Region" && here != nullptr && words.size() > 1) {
      const auto number = std::string(words[1].substr(0, words[1].find(':')));
      const auto size = line.find("[size=");
      auto region = "region " + number;
      if (size != std::string::npos) {
        region += " of " + line.substr(size + 6, line.find(']', size) - size - 6);
      }
      const auto known = [&](const std::string& one) {
        return one.starts_with("region " + number + " ");
      };
      if (std::ranges::none_of(here->unplaced, known)) here->unplaced.push_back(region);
      continue;
    }
    const auto is_here = [&](const GuestDevice& one) {
      return one.address == words[0] || one.address == "0000:" + std::string(words[0]);
    };
    const auto at = std::ranges::find_if(devices, is_here);
    here = at == devices.end() ? nullptr : &*at;
  }
}

}  // namespace cluster::frontend
