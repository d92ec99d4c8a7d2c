#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "virt/node_devices.h"

namespace cluster::virt {

/// What a domain does (https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainState).
enum class DomainState { running, paused, shutting_down, shut_off, crashed, suspended };

/// The word of virsh, "running", "shut off".
std::string_view name(DomainState state);

/// A VM as libvirt knows it.
struct Domain {
  std::string name;
  std::string uuid;  ///< lower case, with dashes
  DomainState state = DomainState::shut_off;
  bool active = false;      ///< it has a process: running, paused, ...
  bool autostart = false;   ///< starts with the host
  bool persistent = false;  ///< stays when it stops
  std::string xml;          ///< what it will be at the next start (virsh dumpxml --inactive)
};

/// How a domain is made to stop, or to begin anew.
enum class Stop {
  poweroff,  ///< pull the plug (virsh destroy)
  shutdown,  ///< ask the guest, by ACPI or its agent; it may take its time or not listen
  reset,     ///< press the reset button
  reboot,    ///< ask the guest to
};

/// Which check a definition has to pass before libvirt takes it.
enum class Check {
  none,    ///< what libvirt does not understand it leaves out without a word
  schema,  ///< libvirt's own schema; costs it about 8 ms a document
};

/// The VMs of one host. A domain is meant by its UUID; a name may change hands. Throws Error:
/// not_found when there is no such domain, refused when it is in no state for that, exists when
/// another domain has the name, unreachable when the connection broke, else io.
class Domains {
 public:
  Domains() = default;
  Domains(const Domains&) = delete;
  Domains& operator=(const Domains&) = delete;
  virtual ~Domains() = default;

  /// All of them, by name. Two round trips up to 128 of them: the XMLs are asked for at once.
  virtual std::vector<Domain> list() = 0;

  /// The host's devices that running domains have. Two round trips.
  virtual std::vector<VmDevice> devices_in_use() = 0;

  /// Of the libvirt there: 9000000 is 9.0.0.
  virtual unsigned long version() = 0;

  /// Makes the domain of that UUID, or changes what it will be at its next start; a running one
  /// goes on as it is.
  virtual void define(const std::string& xml, Check check) = 0;

  /// Forgets the domain, with what libvirt keeps beside it (UEFI variables, saved memory). A
  /// running one goes on until it stops.
  virtual void undefine(const std::string& uuid) = 0;

  virtual void start(const std::string& uuid) = 0;
  virtual void stop(const std::string& uuid, Stop how) = 0;
  virtual void set_autostart(const std::string& uuid, bool on) = 0;
};

}  // namespace cluster::virt
