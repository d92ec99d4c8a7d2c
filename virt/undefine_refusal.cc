#include "virt/undefine_refusal.h"

#include <cstdlib>
#include <vector>

#include "core/shared_library.h"
#include "core/text.h"
#include "virt/domains.h"

namespace cluster::virt {
namespace {

// The functions are looked up here and not in virt/libvirt.h, as gpupci also runs beside a libvirt
// that has no checkpoints yet (before 5.6).
template <typename Thing>
struct Functions {
  int (*list)(virDomain*, Thing***, unsigned);
  const char* (*name)(Thing*);
  int (*free)(Thing*);
};

template <typename Thing>
std::vector<std::string> names_of(virDomain* domain, const Functions<Thing>& functions) {
  Thing** all = nullptr;
  const int count = functions.list(domain, &all, 0);
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    names.push_back(quote(functions.name(all[i])));
    functions.free(all[i]);
  }
  std::free(all);
  return names;
}

// "snapshots 'a', 'b'"
std::string words(const std::string& what, const std::vector<std::string>& names) {
  return what + (names.size() == 1 ? " " : "s ") + joined(names, ", ");
}

}  // namespace

std::optional<std::string> kept_by(virDomain* domain, const std::string& name,
                                   const std::string& uuid, const std::string& undefine) {
  const SharedLibrary library("libvirt.so.0", "libvirt0");
  const decltype(&::virDomainHasManagedSaveImage) is_saved =
      library.symbol("virDomainHasManagedSaveImage");
  const auto vm = virsh_word(name, uuid);
  if (is_saved(domain, 0) == 1) {
    return "libvirt there has the saved memory of " + quote(name) +
           ": start it and stop it, or give that up (virsh managedsave-remove " + vm + ")";
  }
  const Functions<virDomainSnapshot> of_snapshots{library.symbol("virDomainListAllSnapshots"),
                                                  library.symbol("virDomainSnapshotGetName"),
                                                  library.symbol("virDomainSnapshotFree")};
  const Functions<virDomainCheckpoint> of_checkpoints{library.symbol("virDomainListAllCheckpoints"),
                                                      library.symbol("virDomainCheckpointGetName"),
                                                      library.symbol("virDomainCheckpointFree")};
  std::vector<std::string> kept;
  std::vector<std::string> ways;
  std::string flags;
  const auto add = [&](const std::string& what, const std::vector<std::string>& names) {
    if (names.empty()) return;
    kept.push_back(words(what, names));
    ways.push_back("virsh " + what + "-delete " + vm + " NAME");
    flags += " --" + what + "s-metadata";
  };
  add("snapshot", names_of(domain, of_snapshots));
  add("checkpoint", names_of(domain, of_checkpoints));
  if (kept.empty()) return std::nullopt;
  return "libvirt there has " + joined(kept, " and ") + " of " + quote(name) + ": delete them (" +
         joined(ways, ", ") +
         "), or let libvirt forget them and the VM, which leaves in its disks "
         "what is there (" +
         undefine + flags + ")";
}

}  // namespace cluster::virt
