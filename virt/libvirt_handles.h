#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "virt/libvirt.h"

namespace cluster::virt {

/// A connection to a libvirt daemon, and the domains that are found by it. Threads may share it.
class LibvirtHandles {
 public:
  /// libvirt sends the calls of several threads one after another without waiting for answers.
  static constexpr std::size_t kMostThreads = 128;

  /// Throws Error(io) when libvirt is not installed or no daemon answers at `uri`.
  explicit LibvirtHandles(const std::string& uri);

  using Handle = std::unique_ptr<virDomain, decltype(&::virDomainFree)>;
  struct Named {
    Handle domain;
    std::string name;  ///< asked for beforehand: each call into libvirt forgets the last failure
  };

  const Libvirt& libvirt() const { return libvirt_; }
  virConnect* connection() const { return connection_.get(); }

  /// Owns `domain`, which may be null.
  Handle own(virDomain* domain) const { return {domain, libvirt_.domain_free}; }
  /// The domain of that UUID; null when there is none.
  Handle find(const std::string& uuid) const;
  /// The domain of that UUID. Throws the failure() when it is not found.
  Named look_up(const std::string& uuid) const;
  /// The domains that virConnectListAllDomains() lists with `flags`, and their UUIDs. Both throw
  /// the failure().
  std::vector<Handle> all(unsigned flags) const;
  std::set<std::string> uuids(unsigned flags) const;

  std::string uuid_of(virDomain* domain) const;
  /// The document, within the bounds of virt/document_bounds.h; nothing when the domain is gone
  /// meanwhile. Throws the failure().
  std::optional<std::string> xml_of(virDomain* domain, unsigned flags) const;

  /// The last failure of this thread as an Error: "libvirt cannot WHAT: ...". When the connection
  /// is gone it is unreachable, whatever call failed.
  Error failure(const std::string& what) const;
  /// Throws the failure() "libvirt cannot VERB VM 'NAME'" unless `result`, of a call, is 0.
  void must(int result, const char* verb, const Named& vm) const;

 private:
  Libvirt libvirt_;  // outlives the connection, which it closes
  LibvirtConnection connection_;
};

}  // namespace cluster::virt
