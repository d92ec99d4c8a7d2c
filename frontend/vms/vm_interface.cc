#include "frontend/vms/vm_interface.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace cluster::frontend {
namespace {

constexpr std::size_t kMaxDevice = 15;  // IFNAMSIZ of Linux, without its NUL
constexpr std::size_t kMaxNetwork = 255;
constexpr std::array<std::string_view, 8> kModels{"virtio", "e1000",   "e1000e",  "igb",
                                                  "pcnet",  "rtl8139", "vmxnet3", "ne2k_pci"};
bool is_small_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || is_digit(c); }

}  // namespace

std::string parse_interface_name(const std::string& text) {
  if (text.empty() || text.size() > kMaxDevice || is_digit(text[0]) ||
      !std::ranges::all_of(text, is_small_letter_or_digit)) {
    throw Error(Fault::usage, "not an interface name: " + quote(text) + " (want eth0, eth1, ...)");
  }
  return text;
}

// Takes the name of a device as Linux accepts it (dev_valid_name()); a network of libvirt may have
// a longer name.
std::string parse_interface_source(InterfaceKind kind, const std::string& text) {
  const bool network = kind == InterfaceKind::network;
  const auto is_wrong = [&](char c) {
    return is_control(c) || c == '/' || (!network && (c == ' ' || c == ':'));
  };
  if (text.empty() || text == "." || text == ".." || !is_utf8_text(text) ||
      text.size() > (network ? kMaxNetwork : kMaxDevice) || std::ranges::any_of(text, is_wrong)) {
    throw Error(Fault::usage, std::string(name(kind)) + "=" + quote(text) +
                                  ": want the name of a " + (network ? "network" : "device"));
  }
  return text;
}

std::string parse_interface_model(const std::string& text) {
  if (std::ranges::find(kModels, text) == kModels.end()) {
    const std::vector<std::string> known(kModels.begin(), kModels.end());
    throw Error(Fault::usage, "model=" + quote(text) + ": want one of " + joined(known, ", "));
  }
  return text;
}

}  // namespace cluster::frontend
