#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/names.h"
#include "core/text_rows.h"
#include "db/attribute.h"
#include "db/gpu.h"
#include "db/host.h"
#include "db/roll.h"
#include "db/vm.h"

namespace cluster {

namespace db {
class Connection;
struct Failure;
}  // namespace db

/// The one place that speaks SQL: hosts, their cards, their VMs. Every method is a transaction that
/// is done as a whole or not at all; none lets a db::Failure out. All throw Error(io) when
/// the database file fails; what else they throw is said at each.
class Inventory {
 public:
  enum class Open {
    existing,  ///< the file must be there
    create,    ///< the file and its folder are made when they are not
  };

  /// Opens `file` (":memory:" for tests) and brings its schema up to date. Throws Error(not_found)
  /// when it is not there, Error(io) when it is not ours, cannot be written or is of a newer
  /// version.
  Inventory(const std::filesystem::path& file, Open open);
  ~Inventory();

  /// How the operator names it again (--db, $CLUSTER_DB): of an SQLite file its absolute path.
  std::string where() const;

  /// Runs `work`, which calls methods of this inventory, as one transaction: nobody else writes
  /// between what it reads and what it writes, and when it throws nothing of it is kept. `what`
  /// names the deed when the file fails, "add host vm".
  void together(const char* what, const std::function<void()>& work);

  /// The same for `work` that reads alone: all that it reads was there at one moment.
  void look_together(const char* what, const std::function<void()>& work);

  // --- hosts: db/host.cc

  /// Throws Error(exists) when the name or the address is taken, Error(usage) on an unknown
  /// appliance.
  void add_host(const Host& host);

  /// Stores `hosts`, which are there already, as they are given now. Throws as add_host(), and
  /// Error(refused) when the new appliance does not go with the host's cards or VMs.
  void set_hosts(const std::vector<Host>& hosts);

  /// Removes the hosts with their cards. Throws Error(refused) when one is a VM, still has VMs, or
  /// a VM holds one of its cards; then all stay.
  void remove_hosts(const std::vector<HostName>& names);

  std::vector<Host> hosts(const OnlyHosts& only = {});  ///< sorted, "n2" before "n10"
  std::vector<HostKey> host_keys();                     ///< of all hosts, in no order
  std::optional<Host> find_host(const HostName& name);
  std::vector<std::string> appliances();  ///< sorted

  /// Throws Error(usage) unless `name` is one of appliances().
  void require_appliance(const std::string& name);

  // --- attributes: db/attribute.cc

  /// Throws Error(exists) when one is there already, Error(usage) on a wrong name or an unknown
  /// appliance, Error(not_found) when there is no such host; then none is added.
  void add_attributes(const std::vector<Attribute>& attributes);

  /// Adds them, or changes the values of those that are there; throws as add_attributes().
  void set_attributes(const std::vector<Attribute>& attributes);

  /// Removes them, whatever their values. Throws Error(not_found) when one is not there; then all
  /// stay.
  void remove_attributes(const std::vector<Attribute>& attributes);

  /// As stored, by owner and name; of hosts those of `only` alone, beside the global ones and those
  /// of appliances.
  std::vector<Attribute> attributes(const OnlyHosts& only = {});

  // --- cards: db/gpu.cc

  /// Throws Error(not_found) when there is no such host, Error(exists) when the name or the card is
  /// recorded already, or the address is that of a slice, Error(usage) when the host is a VM or the
  /// name has no number.
  void add_gpu(const Gpu& gpu);

  /// Gives the card `gpu.host gpu.name` another address; throws as add_gpu(), and Error(not_found)
  /// when the host has no card of that name.
  void set_gpu(const Gpu& gpu);

  /// Throws Error(not_found), or Error(refused) when a VM holds it or a slice of it.
  void remove_gpu(const HostName& host, const GpuName& name);

  /// What hosts have and VMs hold, by owner and name: db/gpu_list.cc. Four cells: the owner, the
  /// name of the card there, what is shown (PCI address; UUID of a mediated device; name of a slice
  /// that is not there), and what makes the row again (address, name of a slice, UUID).
  TextRows host_gpus(const OnlyHosts& only = {});

  // --- cards and slices in VMs: db/vm_gpu.cc

  /// Gives `card` of its container, or a slice, to `vm` as `name`; the slice need not be there yet.
  /// Throws Error(not_found) when there is no such VM or its container has no such card,
  /// Error(exists) when the name is taken, or the card as a whole or a slice of it is,
  /// Error(refused) when the mediated device is known to be of another host.
  void assign_gpu(const HostName& vm, const GpuName& name, const CardRef& card);

  /// Gives `vm` another one under the name that it has already; throws as assign_gpu().
  void reassign_gpu(const HostName& vm, const GpuName& name, const CardRef& card);

  /// Takes the card or slice `name` away from `vm`. Throws Error(not_found).
  void unassign_gpu(const HostName& vm, const GpuName& name);

  // --- what hosts say of their cards: db/gpu_card.cc

  std::vector<GpuCard> gpu_cards(const HostName& host);  ///< by name

  std::vector<Mdev> mdevs(const HostName& host);  ///< by uuid

  /// All devices of `hosts`, and who holds them, in the order of `hosts`.
  std::vector<HostDevices> devices(const std::vector<HostName>& hosts);

  /// The cards that a VM could be given: not missing, held by no VM, not in slices, and neither
  /// they nor their host failed the last `check host gpu`. Of `host`, or of all vm-containers; by
  /// host in no order, then by name.
  std::vector<FreeGpu> free_gpus(const std::optional<HostName>& host);

  /// Stores the cards of `host` as they are to be: VMs keep their cards and slices under the new
  /// names, and mediated devices that are no more. A plan that leaves out a card that a VM holds,
  /// or has two cards in one slot, throws Error(refused) and changes nothing.
  void store_gpu_cards(const HostName& host, const CardPlan& plan);

  /// What `check host gpu` found last: why no card of `host` should be used, and why each of
  /// `cards` should not. What is not named fails no more; a card that is not recorded is left out.
  void set_failing(const HostName& host, const std::optional<std::string>& host_failing,
                   const std::map<GpuName, std::string>& cards);

  // --- VMs: db/vm.cc

  /// Adds the VM, and its host row when there is none. Throws Error(not_found) when the container
  /// is not there, Error(exists) when the name is taken, Error(usage) when the container is a VM.
  void add_vm(const Vm& vm);

  /// Stores memory, cpus and disks of `vm`, which is there already, as they are given now.
  void set_vm(const Vm& vm);

  /// Lets another host run `name`. Throws Error(not_found), Error(refused) while it holds a card,
  /// and as add_vm() when the container is none.
  void move_vm(const HostName& name, const HostName& container);

  /// Removes the VM and its host row. Throws Error(refused) while it holds a card,
  /// Error(not_found).
  void remove_vm(const HostName& name);

  /// Sorted by name; of `only` those that are named, and those that run on a host that is.
  std::vector<Vm> vms(const OnlyHosts& only = {});
  std::map<HostName, HostName> containers(const OnlyHosts& only = {});  ///< of the VMs `only`
  Vm require_vm(const HostName& name);                                  ///< throws Error(not_found)
  bool is_vm(const HostName& name);  ///< false also when there is no such host

  // --- interfaces of VMs: db/interface.cc

  /// Adds it to `vm`; where it has no MAC address, one is made of the VM's uuid and the name, and
  /// stays. Throws Error(not_found) when there is no such VM, Error(exists) when the name or the
  /// MAC address is taken.
  void add_interface(const HostName& vm, const Interface& interface);

  /// Stores the interface of that name as it is given now; throws as add_interface(), and
  /// Error(not_found) when `vm` has none of that name.
  void set_interface(const HostName& vm, const Interface& interface);

  /// Throws Error(not_found).
  void remove_interface(const HostName& vm, const std::string& name);

  /// Throws Error(not_found).
  Interface require_interface(const HostName& vm, const std::string& name);

  // --- rolls: db/roll.cc

  std::vector<StoredRoll> rolls();  ///< by name, versions from old to new

  /// Records a roll, not enabled. Throws Error(exists) when this version is there already.
  void add_roll(const StoredRoll& roll);

  /// At most one version of a roll is enabled: another one no longer is. Throws Error(not_found).
  void enable_roll(const std::string& name, const std::string& version);

  /// Throws Error(not_found).
  void disable_roll(const std::string& name, const std::string& version);

  /// Throws Error(not_found), or Error(refused) while it is enabled.
  void remove_roll(const std::string& name, const std::string& version);

 private:
  // What to say when the schema refused the deed: throws the Error that fits the constraint, or
  // returns when it does not know. Called in the transaction, after its work was undone.
  using Explain = std::function<void(const db::Failure&)>;

  // Runs `work` in one transaction, or as a part of the one that is open. What the
  // database refuses becomes `explain`'s Error, else one with `what`, the name of the deed, "add
  // host".
  void write(const char* what, const std::function<void()>& work, const Explain& explain = {});

  // The same for reading: one transaction, so that what is read in several queries fits together.
  void read(const char* what, const std::function<void()>& work);

  std::unique_ptr<db::Connection> db_;
};

/// Where the inventory is: `option` (--db) when it is not empty, else $CLUSTER_DB, else
/// /var/lib/cluster/cluster.db for root, else $XDG_DATA_HOME (or
/// ~/.local/share)/cluster/cluster.db.
std::filesystem::path inventory_file(const std::string& option);

}  // namespace cluster
