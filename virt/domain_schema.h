#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace cluster::virt {

/// libvirt's own schema of a domain, the one that virt-xml-validate reads. It is read once, and
/// then it checks a document in a fraction of a millisecond; `virsh define --validate` reads it
/// anew each time. It belongs to the libvirt on this machine: the schema of a container may know
/// more or less. It needs libxml2, which is loaded here and not at the start of the program.
/// Threads must not share it.
class DomainSchema {
 public:
  /// The Debian package libvirt0 has the schema here.
  static constexpr const char* kFile = "/usr/share/libvirt/schemas/domain.rng";

  /// Throws Error(io) when `file` is not there or no schema, or libxml2 is not installed. The file
  /// is called domain.rng, and the files that it includes are beside it.
  explicit DomainSchema(const std::filesystem::path& file = kFile);
  ~DomainSchema();
  DomainSchema(const DomainSchema&) = delete;
  DomainSchema& operator=(const DomainSchema&) = delete;

  /// Returns nothing when `xml` is a document of the schema. Else it returns one line that names
  /// the element at fault and says what the schema says.
  std::optional<std::string> refusal(const std::string& xml) const;

 private:
  class Rules;
  std::unique_ptr<Rules> rules_;
};

}  // namespace cluster::virt
