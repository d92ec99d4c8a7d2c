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
#include "db/host_agent.h"
#include "db/network.h"
#include "db/roll.h"
#include "db/vm.h"

namespace cluster {

namespace db {
class Connection;
struct Failure;
}  // namespace db

/// The only class that speaks SQL: hosts, their cards, their VMs. Every method is a transaction
/// that is done as a whole or not at all; no method lets a db::Failure out. All methods throw
/// Error(io) when the database file fails; each comment names the other errors.
class Inventory {
  friend class InventoryRows;  // db/rows.h: the rows, whatever they mean

 public:
  enum class Open {
    existing,  ///< the file must be there
    create,    ///< the file and its folder are made when they are not
    as_it_is,  ///< the file must be there, and its schema must be up to date: it stays as it is
    upgrade,   ///< the same as `existing`; makes or upgrades the schema of a shared database, too
  };

  /// Opens the inventory at `place`: a file (":memory:" for tests), whose schema is brought up to
  /// date, or a database on PostgreSQL ("postgresql://...", "service=NAME"), which `upgrade` alone
  /// changes. Throws Error(not_found) when the file is not there. Throws Error(io) when it is not
  /// ours, cannot be read or has a newer version, or for as_it_is another one; Error(unreachable)
  /// when the server does not answer. What cannot be written is opened for reading.
  Inventory(const std::string& place, Open open);
  ~Inventory();

  /// The name by which the operator can open it again (--db, $CLUSTER_DB): for an SQLite file its
  /// absolute path.
  std::string where() const;

  /// The reason why this program can only read it, and who could write; "" when it can write. A
  /// method that changes something then throws Error(io) with these words.
  std::string read_only() const;

  /// Runs `work`, which calls methods of this inventory, as one transaction. Nobody else writes
  /// between its reads and its writes, and when it throws, nothing of it is kept. `what` names the
  /// deed when the file fails, "add host vm".
  void together(const char* what, const std::function<void()>& work);

  /// The same for `work` that only reads: all the rows that it reads were there at one moment.
  void look_together(const char* what, const std::function<void()>& work);

  /// In look_together() or together(): the same number as in the one before if no other program
  /// changed anything between the two, so that what was read need not be read again. Nothing where
  /// the database does not tell.
  std::optional<int> revision();

  // --- hosts: db/host.cc

  /// Throws Error(exists) when the name, the address or the MAC address is taken, Error(usage) on
  /// an unknown appliance, Error(not_found) on an unknown network.
  void add_host(const Host& host);

  /// Stores new values of `hosts`, which must be there already. Throws as add_host(), and
  /// Error(refused) when the new appliance does not go with the host's cards or VMs.
  void set_hosts(const std::vector<Host>& hosts);

  /// Removes the hosts with their cards. Throws Error(refused) when one of them is a VM, still has
  /// VMs, or has a card that a VM holds; then all of them stay.
  void remove_hosts(const std::vector<HostName>& names);

  std::vector<Host> hosts(const OnlyHosts& only = {});  ///< sorted, "n2" before "n10"
  std::vector<HostGroups> host_groups();                ///< of all hosts, in no order

  /// The same hosts as hosts() gives, as cells to show (db/host_list.cc): name, appliance, rack,
  /// rank, cpus, address, port, user, sudo ("yes", "no"), maintenance ("yes", or the reason), and
  /// with `detail` also network, mac, jump, failing, and the times, "2026-11-21T01:20:00Z", when
  /// it told last which cards it has and when it was checked.
  TextRows host_rows(const OnlyHosts& only, bool detail);

  std::optional<Host> find_host(const HostName& name);

  // --- appliances: db/appliance.cc

  std::vector<std::string> appliances();        ///< sorted
  std::vector<Appliance> appliances_in_full();  ///< the same

  /// Throws Error(usage) unless `name` is one of appliances().
  void require_appliance(const std::string& name);

  void add_appliance(const Appliance& appliance);  ///< throws Error(exists)
  void set_appliance(const Appliance& appliance);  ///< throws as require_appliance()

  /// Throws as require_appliance(), and Error(refused) when it has hosts or attributes, or is one
  /// of those that are always there.
  void remove_appliance(const std::string& name);

  // --- networks: db/network.cc

  std::vector<Network> networks();  ///< sorted

  /// Throws Error(not_found).
  Network require_network(const std::string& name);

  void add_network(const Network& network);  ///< throws Error(exists)
  void set_network(const Network& network);  ///< throws Error(not_found)

  /// Throws Error(not_found), or Error(refused) while a host or an interface names it.
  void remove_network(const std::string& name);

  // --- keys of hosts: db/host_key.cc

  /// Keys that are there already stay as they are. Throws Error(exists) when a host has another key
  /// of that type, Error(not_found) when there is no such host, Error(usage) for an unknown type.
  void add_host_keys(const std::vector<HostPublicKey>& keys);

  /// Forgets all keys of `hosts`. Throws Error(not_found) when one has none; then all stay.
  void remove_host_keys(const std::vector<HostName>& hosts);

  std::vector<HostPublicKey> host_keys(const OnlyHosts& only = {});  ///< by host and type

  // --- their agents: db/host_agent.cc

  /// What is known of the agents of hosts; one that was never asked has none.
  std::map<HostName, HostAgent> host_agents();

  /// Stores what hosts told of their agents. A host that is not there any more is left out.
  void store_host_agents(const std::map<HostName, HostAgent>& agents);

  // --- attributes: db/attribute.cc

  /// Throws Error(exists) when one is there already, Error(usage) for a wrong name or an unknown
  /// appliance, Error(not_found) when there is no such host. Then none is added.
  void add_attributes(const std::vector<Attribute>& attributes);

  /// Adds them, or changes the values of those that are there. Throws as add_attributes().
  void set_attributes(const std::vector<Attribute>& attributes);

  /// Removes them, whatever their values. Throws Error(not_found) when one is not there; then all
  /// of them stay.
  void remove_attributes(const std::vector<Attribute>& attributes);

  /// The attributes as they are stored, by owner and name. `only` limits those of hosts; the global
  /// ones and those of appliances are always there.
  std::vector<Attribute> attributes(const OnlyHosts& only = {});

  // --- cards: db/gpu.cc

  /// Throws Error(not_found) when there is no such host. Throws Error(exists) when the name or the
  /// card is recorded already, or the address belongs to a slice. Throws Error(usage) when the host
  /// is a VM or the name has no number.
  void add_gpu(const Gpu& gpu);

  /// Gives the card `gpu.host gpu.name` another address. Throws as add_gpu(), and Error(not_found)
  /// when the host has no card with that name.
  void set_gpu(const Gpu& gpu);

  /// Stores what cards are to be; nothing lets go of the wish. Throws Error(not_found) when the
  /// host has no such card, Error(refused) when a VM holds one that is to be its host's.
  void set_gpu_wish(const HostName& host, const std::vector<GpuName>& cards,
                    const std::optional<GpuWish>& wish);

  /// Throws Error(not_found), or Error(refused) when a VM holds the card or a slice of it.
  void remove_gpu(const HostName& host, const GpuName& name);

  /// The devices that hosts have and VMs hold, by owner and name (db/gpu_list.cc). A row has four
  /// cells: the owner, the name of the card there, the text to show (PCI address; UUID of a
  /// mediated device; name of a slice that is not there), and the text that makes the row again
  /// (address, name of a slice, UUID).
  TextRows host_gpus(const OnlyHosts& only = {});

  // --- cards and slices in VMs: db/vm_gpu.cc

  /// Gives `card` of the VM's container, or a slice, to `vm` as `name`; the slice need not be there
  /// yet. Throws Error(not_found) when there is no such VM or its container has no such card.
  /// Throws Error(exists) when the name is taken, or the whole card or a slice of it is taken.
  /// Throws Error(refused) when the mediated device is known to belong to another host, or another
  /// domain of the host has the device although the inventory did not give it.
  void assign_gpu(const HostName& vm, const GpuName& name, const CardRef& card);

  /// Gives `vm` another card under a name that it already has. Throws as assign_gpu().
  void reassign_gpu(const HostName& vm, const GpuName& name, const CardRef& card);

  /// Takes the card or slice `name` away from `vm`. Throws Error(not_found).
  void unassign_gpu(const HostName& vm, const GpuName& name);

  // --- what hosts say of their cards: db/gpu_card.cc

  std::vector<GpuCard> gpu_cards(const HostName& host);  ///< by name

  std::vector<Mdev> mdevs(const HostName& host);  ///< by uuid

  /// All devices of `hosts`, and the VMs that hold them, in the order of `hosts`.
  std::vector<HostDevices> devices(const std::vector<HostName>& hosts);

  /// Calls `with` for each card of the physical hosts `only`, in no order (db/gpu_list.cc).
  void each_card(const OnlyHosts& only, const std::function<void(const CardRow&)>& with);

  /// The same for slices and mediated devices; those of a host come by card and number.
  void each_slice(const OnlyHosts& only, const std::function<void(const SliceRow&)>& with);

  /// The cards of `host`, or of all vm-containers, that can be given to a VM. Such a card is not
  /// missing, no VM and no other domain of its host has it, and it is not in slices. Neither it nor
  /// its host failed the last `check host gpu`; it is not to stay with its host, which is not in
  /// maintenance. The hosts come in no order; the cards of each host
  /// are sorted by name.
  std::vector<FreeGpu> free_gpus(const std::optional<HostName>& host);

  /// Calls `with` for each count of the cards of free_gpus() of all vm-containers, those of a host
  /// one after the other. It reads no cards but of hosts on which something changed since the last
  /// call (db/free_card.cc).
  void each_free_count(const std::function<void(const FreeCount&)>& with);

  /// The traits of all cards that are not missing. A host that fails as a whole has one more, of no
  /// model.
  std::vector<CardTrait> card_traits();

  /// Stores the cards that `host` should have. VMs keep their cards and slices under the new names,
  /// and they keep mediated devices that no longer exist. A plan that leaves out a card that a VM
  /// holds, or has two cards in one slot, throws Error(refused) and changes nothing.
  void store_gpu_cards(const HostName& host, const CardPlan& plan);

  /// The same for who knows what is stored of the host, as he read it in this transaction.
  void store_gpu_cards(const HostName& host, const CardPlan& plan,
                       const std::vector<GpuCard>& known_cards,
                       const std::vector<Mdev>& known_mdevs);

  /// Stores the cards of many hosts that have none yet, and no mediated device, in less time than
  /// store_gpu_cards() takes. False, and nothing is changed, where the database has no quicker way
  /// or refuses a card: store_gpu_cards() says which.
  bool add_gpu_cards(const std::vector<NewCards>& hosts);

  /// Stores what `host` told of cards that are otherwise as they were: GpuCard::told, without the
  /// check. A card that is not recorded is left out.
  void store_told(const HostName& host, const std::vector<GpuCard>& cards);

  /// Stores the result of the last `check host gpu`: the reason why no card of `host` should be
  /// used, and the reasons for each of `cards`. A card that is not named does not fail any more. A
  /// card that is not recorded is left out. `seen` is the time of the check.
  void set_failing(const HostName& host, const std::optional<std::string>& host_failing,
                   const std::map<GpuName, std::string>& cards, const std::string& seen = {});

  // --- VMs: db/vm.cc

  /// Adds the VM, and its host row when there is none. Throws Error(not_found) when the container
  /// is not there, Error(exists) when the name is taken, Error(usage) when the container is a VM.
  void add_vm(const Vm& vm);

  /// Stores new values for memory, cpus, disks and fabric of `vm`, which must be there already.
  void set_vm(const Vm& vm);

  /// Stores that the image files `paths` of `vm` are there, so that none of them is made anew. One
  /// that the VM does not have any more is left out.
  void set_images_made(const HostName& vm, const std::vector<std::string>& paths);

  /// Moves `name` to another host, which runs it from then on. Throws Error(not_found),
  /// Error(refused) while the VM holds a card, and as add_vm() when the host is no container.
  void move_vm(const HostName& name, const HostName& container);

  /// Removes the VM and its host row. Throws Error(not_found), or Error(refused) while the VM holds
  /// a card.
  void remove_vm(const HostName& name);

  /// The VMs, sorted by name. With `only`, these are the VMs that are named and the VMs that run on
  /// a named host.
  std::vector<Vm> vms(const OnlyHosts& only = {});
  std::map<HostName, HostName> containers(const OnlyHosts& only = {});  ///< of the VMs `only`

  /// What the last defines of the VMs `only` said (db/vm_definition.cc).
  std::map<HostName, VmAgreement> vm_agreements(const OnlyHosts& only = {});

  /// Stores what was agreed about `vm`; nothing when there is no such VM any more.
  /// What was agreed about its start with the container stays.
  void agree(const HostName& vm, const VmAgreement& agreement);

  /// Stores what was agreed about the start of `vm` with its container, where agree() was called.
  void agree_autostart(const HostName& vm, const VmAutostart& autostart);

  /// Replaces what is known of the devices that domains of the hosts have and the inventory did not
  /// give (db/domain_device.cc). A host that is not there any more is left out.
  void store_domain_devices(const std::map<HostName, std::vector<DomainDevices>>& hosts);

  /// What is known of them, by the name of the domain; only hosts that have some.
  std::map<HostName, std::vector<DomainDevices>> domain_devices(const OnlyHosts& only = {});

  /// What the hosts `only` told of the domains that they can have (db/domain_capability.cc).
  std::multimap<HostName, KnownMachine> known_machines(const OnlyHosts& only = {});

  /// Stores what `host` told; nothing when there is no such host any more.
  void know_machine(const HostName& host, const KnownMachine& machine);

  Vm require_vm(const HostName& name);  ///< throws Error(not_found)
  bool is_vm(const HostName& name);     ///< false also when there is no such host

  // --- interfaces of VMs: db/interface.cc

  /// Adds it to `vm`. If it has no MAC address, one is made from the VM's uuid and the name, and
  /// stays. Throws Error(not_found) when there is no such VM or network, Error(exists) when the
  /// name or the MAC address is taken.
  void add_interface(const HostName& vm, const Interface& interface);

  /// Stores new values for the interface with that name. Throws as add_interface(), and
  /// Error(not_found) when `vm` has none with that name.
  void set_interface(const HostName& vm, const Interface& interface);

  /// Throws Error(not_found).
  void remove_interface(const HostName& vm, const std::string& name);

  /// Throws Error(not_found).
  Interface require_interface(const HostName& vm, const std::string& name);

  // --- rolls: db/roll.cc

  std::vector<StoredRoll> rolls();  ///< by name, versions from old to new

  /// Records a roll that is not enabled. Throws Error(exists) when this version is there already.
  void add_roll(const StoredRoll& roll);

  /// Enables this version; another version that was enabled no longer is. Throws Error(not_found).
  void enable_roll(const std::string& name, const std::string& version);

  /// Throws Error(not_found).
  void disable_roll(const std::string& name, const std::string& version);

  /// Throws Error(not_found), or Error(refused) while it is enabled.
  void remove_roll(const std::string& name, const std::string& version);

 private:
  // Explains why the schema refused the deed. It throws the Error that fits the constraint, or
  // returns when it does not know. It is called in the transaction, after the work was undone.
  using Explain = std::function<void(const db::Failure&)>;

  // Runs `work` in one transaction, or as a part of the one that is open. When the database refuses
  // it, this throws the Error of `explain`, or else one with `what`, the name of the deed, "add
  // host".
  void add_ways_in(std::vector<Host>& hosts, const OnlyHosts& only);
  void write(const char* what, const std::function<void()>& work, const Explain& explain = {});

  // The same for reading: there is one transaction, so that the rows of several queries fit
  // together.
  void read(const char* what, const std::function<void()>& work);

  std::unique_ptr<db::Connection> db_;
};

}  // namespace cluster
