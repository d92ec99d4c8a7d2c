#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cluster::virt {

/// The kind of domain that libvirt tells the capabilities of. An empty text is libvirt's choice.
struct DomainMachine {
  std::string type;      ///< "kvm", "qemu"
  std::string arch;      ///< "x86_64"
  std::string machine;   ///< "q35"
  std::string emulator;  ///< "/usr/bin/qemu-system-x86_64"

  /// All of it in one line, for a key.
  std::string text() const;
};

/// What a libvirt document asks of libvirt and QEMU.
struct DomainWishes {
  /// One thing: a video model 'qxl'.
  struct Wish {
    std::string kind;   ///< below <domainCapabilities>, "video/modelType"
    std::string word;   ///< "video model"
    std::string value;  ///< "qxl"
  };
  DomainMachine machine;
  std::vector<Wish> wishes;
};

/// Those of a libvirt document. Throws Error(io) when it is no document of a domain.
DomainWishes wishes_of(const std::string& document);

/// What the libvirt and QEMU of a host have for one kind of domain, as far as libvirt tells:
/// https://libvirt.org/formatdomaincaps.html.
class DomainCapabilities {
 public:
  /// Reads the answer of virConnectGetDomainCapabilities(). Throws Error(io) when it is none.
  static DomainCapabilities of_libvirt(const std::string& xml);

  /// Reads what text() made. A line that is none is skipped.
  static DomainCapabilities parse(const std::string& text);

  /// One line for each kind of thing: "video/modelType vga cirrus none".
  std::string text() const;

  /// What a libvirt document asks for and the host does not have, a sentence each: "no video model
  /// 'qxl' (it has vga, cirrus, none)". What libvirt does not tell of is not missing. Throws
  /// Error(io) when it is no document of a domain.
  std::vector<std::string> lacking(const std::string& document) const;
  std::vector<std::string> lacking(const DomainWishes& asked) const;

  bool operator==(const DomainCapabilities&) const = default;

 private:
  bool supports(const std::string& kind, const std::string& value) const;
  std::string list(const std::string& kind) const;

  std::map<std::string, std::vector<std::string>> values_;  // none: it is not supported at all
};

}  // namespace cluster::virt
