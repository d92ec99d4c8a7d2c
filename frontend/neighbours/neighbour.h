#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The inventories of other tools, read as commands of this one. Text in, commands out.
namespace cluster::frontend {

/// A command of `cluster` that stands for something in a neighbour's file.
struct NeighbourCommand {
  std::vector<std::string> words;  ///< "add", "host", "n1", "address=10.1.1.1"
  int line = 0;                    ///< of the file, where that was said; 0: nowhere in particular
};

/// What a neighbour's file came to.
struct NeighbourReading {
  std::vector<NeighbourCommand> commands;  ///< in an order in which they can be carried out
  std::vector<std::string> left;           ///< what has no place here: "line 7: kickstart=x"
};

/// A host as neighbours tell of it. Texts are as they were found; the commands check them.
struct NeighbourHost {
  std::string name;
  int line = 0;
  std::string appliance;                    ///< "" = by its name
  std::map<std::string, std::string> keys;  ///< of `add host` or `add host vm`
  std::vector<std::string> disks;           ///< of a VM: SOURCE:PATH,DEVICE,BUS
  std::vector<std::string> disk_sizes;      ///< in GiB, one for each disk
  std::string container;                    ///< of a VM: its host
  std::vector<std::string> groups;          ///< become the attribute `groups`
  std::vector<std::pair<std::string, std::string>> attributes;
};

/// Collects hosts, each once, and makes the commands of them.
class NeighbourHosts {
 public:
  /// The host of that name, made at `line` when it is new.
  NeighbourHost& at(const std::string& name, int line);
  bool has(const std::string& name) const { return numbers_.contains(name); }

  /// The host of the VM `name`; "" when it is none.
  std::string container_of(const std::string& name) const;

  /// Sets a key of `host`. What was said of it before is noted when it was another value.
  void set(NeighbourHost& host, const std::string& key, const std::string& value, int line);

  /// Notes that something at `line` has no place here.
  void leave(int line, const std::string& what);

  /// All of them, in the order in which they were made.
  std::vector<NeighbourHost>& all() { return hosts_; }

  /// The commands: the physical hosts, the VMs, and then the attributes of all. `left` moves along.
  NeighbourReading reading();

 private:
  // A second host with the address or the MAC address of another, and a VM of which nobody knows
  // the host.
  void leave_what_cannot_be();
  void leave_wrong_values(NeighbourHost& host);

  std::vector<NeighbourHost> hosts_;
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> left_;
};

/// A kind of file that can be read.
struct NeighbourFormat {
  std::string_view name;  ///< as format= has it: "xcat"
  /// Throws Error(usage), with the line, when the text is not of that kind.
  NeighbourReading (*read)(std::string_view text, const std::string& file);
};

/// All of them, by name.
std::span<const NeighbourFormat> neighbour_formats();

/// Throws Error(usage) with all names when there is no such format.
const NeighbourFormat& neighbour_format(std::string_view name);

/// Their names, as help and refusals list them: "ansible, hosts, ...".
std::string neighbour_format_names();

/// Throws Error, with the reason, when no host may have this name here.
using NameCheck = std::function<void(const std::string& name)>;

/// True if a host of this name is in the inventory already.
using IsThere = std::function<bool(const std::string& name)>;

/// What the text, of the file `file`, came to. A host whose name `check` refuses is left out, with
/// all that is said of it, and so is a VM of a host that is neither in the file nor there. Of
/// several values of an attribute the last one counts. Throws as NeighbourFormat::read does.
NeighbourReading read_neighbour(const NeighbourFormat& format, std::string_view text,
                                const std::string& file, const NameCheck& check,
                                const IsThere& is_there);

/// The words of a line, blanks between them.
std::vector<std::string> blank_words(std::string_view line);

/// The groups that have no use as groups here: every host is in them.
bool is_everybody(std::string_view group);

// One file each.
NeighbourReading read_ansible(std::string_view text, const std::string& file);
NeighbourReading read_etc_hosts(std::string_view text, const std::string& file);
NeighbourReading read_rocks(std::string_view text, const std::string& file);
NeighbourReading read_ssh_config(std::string_view text, const std::string& file);
NeighbourReading read_warewulf(std::string_view text, const std::string& file);
NeighbourReading read_xcat(std::string_view text, const std::string& file);

}  // namespace cluster::frontend
