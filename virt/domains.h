#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "virt/domain_capabilities.h"
#include "virt/node_devices.h"

namespace cluster::virt {

/// The state of a domain (https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainState).
enum class DomainState { none, running, paused, shutting_down, shut_off, crashed, suspended };

/// The word of virsh, "running", "shut off"; "no state" where the hypervisor tells none.
std::string_view name(DomainState state);

/// A VM as libvirt knows it.
struct Domain {
  std::string name;
  std::string uuid;  ///< lower case, with dashes
  DomainState state = DomainState::shut_off;
  bool active = false;      ///< it has a process: running, paused, ...
  bool autostart = false;   ///< starts with the host
  bool persistent = false;  ///< stays when it stops
  /// the VM at its next start, with its passwords, as a define of it would lose them else (virsh
  /// dumpxml --inactive --security-info)
  std::string xml;
  bool saved = false;  ///< it has saved memory, which a start uses in place of the document
};

/// The word for what it does now: that of its state, or "saved".
std::string_view state_word(const Domain& domain);

/// What virsh is told to mean a domain, as a word of a shell: its name, or its UUID where virsh
/// would take the name for the id of another domain ("101"), for a UUID or for an option.
std::string virsh_word(const std::string& name, const std::string& uuid);

/// A way to make a domain stop or begin anew.
enum class Stop {
  poweroff,  ///< pull the plug (virsh destroy)
  shutdown,  ///< ask the guest, by ACPI or its agent; it may take its time or not listen
  reset,     ///< press the reset button
  reboot,    ///< ask the guest to reboot
};

/// An address of a running guest.
struct GuestAddress {
  std::string mac;      ///< of its interface, lower case
  std::string address;  ///< "10.1.0.5", without prefix; none that is for its link alone

  bool operator==(const GuestAddress&) const = default;
};

/// The addresses of one guest, and who told them: "agent", "lease" or "arp"; "" = nobody knows any.
struct ToldAddresses {
  std::vector<GuestAddress> addresses;
  std::string source;
};

/// A command for qemu-guest-agent in a guest, as JSON (qemu-ga-ref(7)).
struct AgentCommand {
  std::string uuid;  ///< of the domain
  std::string json;
};

/// The agent's answer, as JSON, or the reason why there is none.
struct AgentReply {
  std::string json;
  std::optional<Error> failure;
};

/// A check that a definition has to pass before libvirt takes it.
enum class Validation {
  none,    ///< libvirt leaves out what it does not understand, without a word
  schema,  ///< libvirt's own schema; costs it about 8 ms a document
};

/// The VMs of one host. Callers name a domain by its UUID, as a name may change hands. All methods
/// throw Error: not_found when there is no such domain, refused when its state does not allow the
/// call, exists when another domain has the name, unreachable when the connection broke, else io.
class Domains {
 public:
  Domains() = default;
  Domains(const Domains&) = delete;
  Domains& operator=(const Domains&) = delete;
  virtual ~Domains() = default;

  /// All domains, sorted by name. It takes two round trips for up to 128 domains, as all documents
  /// are asked for at once.
  virtual std::vector<Domain> list() = 0;

  /// The host's devices that running domains have. It takes two round trips.
  virtual std::vector<VmDevice> devices_in_use() = 0;

  /// The documents of domains as they run now, in the order of `uuids`; "" for one that does not
  /// run. Domain::xml may have been edited since it started. All are asked for at once.
  virtual std::vector<std::string> running_documents(const std::vector<std::string>& uuids) = 0;

  /// The version of the libvirt there: 9000000 is 9.0.0.
  virtual unsigned long version() = 0;

  /// What this libvirt and its QEMU have for such domains. Throws Error(refused) with libvirt's
  /// words when they have no such machine at all.
  virtual DomainCapabilities capabilities(const DomainMachine& machine) = 0;

  /// Makes the domain of that UUID, or changes what it will be at its next start; a running domain
  /// goes on as it is. Returns what libvirt made of it, as Domain::xml.
  virtual std::string define(const std::string& xml, Validation check) = 0;

  /// Forgets the domain. The state of its TPM and its UEFI variables stay on the host; one with
  /// saved memory or snapshots is refused. A running domain goes on until it stops.
  virtual void undefine(const std::string& uuid) = 0;

  virtual void start(const std::string& uuid) = 0;
  virtual void stop(const std::string& uuid, Stop how) = 0;
  virtual void set_autostart(const std::string& uuid, bool on) = 0;

  virtual void pause(const std::string& uuid) = 0;   ///< a running one
  virtual void resume(const std::string& uuid) = 0;  ///< a paused one

  /// Writes the memory of a running domain to the host's disk and ends it; the next start goes on
  /// there (virsh managedsave).
  virtual void save(const std::string& uuid) = 0;

  /// The addresses of running domains, in the order of `uuids`, which are asked for at once: of the
  /// agent in the guest, else of libvirt's leases, else of the host's ARP table.
  virtual std::vector<ToldAddresses> addresses(const std::vector<std::string>& uuids) = 0;

  /// Asks the agents of guests, each once and all at once; the answers are in the order of
  /// `commands`. An agent may take `patience` for its answer.
  virtual std::vector<AgentReply> ask_agents(const std::vector<AgentCommand>& commands,
                                             std::chrono::seconds patience) = 0;
};

}  // namespace cluster::virt
