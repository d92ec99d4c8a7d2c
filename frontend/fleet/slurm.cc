#include <algorithm>
#include <vector>

#include "core/text.h"
#include "frontend/fleet/card_words.h"
#include "frontend/fleet/fleet_format.h"

// Two files of Slurm: the lines of nodes (https://slurm.schedmd.com/slurm.conf.html, to Include)
// and gres.conf (https://slurm.schedmd.com/gres.conf.html). Nodes are hosts whose own drivers have
// cards, and VMs that hold cards; a card of a VM is never its host's.
namespace cluster::frontend {
namespace {

constexpr std::string_view kNvidia = "10de";

struct SlurmCard {
  std::string type;                ///< of the GRES, "a100_pcie_40gb"
  std::optional<int> device = {};  ///< N of /dev/nvidiaN; nothing when not known
};

struct SlurmNode {
  std::string name;
  std::optional<std::string> address;
  std::optional<int> cpus;
  std::string drained;  ///< why, "" = it is in use
  std::vector<SlurmCard> cards;
  std::vector<std::string> left;  ///< cards that are left out, and why
};

// A text in double quotes, in which Slurm knows no escapes and takes '#' for a comment.
std::string reason_string(std::string text) {
  for (auto& c : text) {
    if (c == '"' || c == '#' || c == '\\' || static_cast<unsigned char>(c) < 0x20) c = '_';
  }
  return '"' + text + '"';
}

bool is_nvidia(const FleetCard& card) {
  return !card.card.functions.empty() && card.card.functions.front().vendor == kNvidia;
}

// What drives its first function; "-" when nothing does or it is not known.
std::string driver_of(const FleetCard& card) {
  const auto& driver = card.card.told.driver;
  return driver && card.binding == Binding::host ? driver->substr(0, driver->find(' ')) : "-";
}

class Nodes {
 public:
  explicit Nodes(const Fleet& fleet)
      : words_(model_words(fleet, '_')), by_name_(hosts_by_name(fleet)) {
    for (const auto& host : fleet.hosts) {
      if (host.meant) add(host);
    }
    for (const auto& vm : fleet.vms) add(vm);
  }

  std::vector<SlurmNode> nodes;

 private:
  void add(const FleetHost& one) {
    SlurmNode node{one.host.name.str(), one.host.address, one.host.cpus, drained(one.host), {}, {}};
    std::vector<const FleetCard*> cards;
    for (const auto& card : one.cards) {
      if (card.kind == DeviceKind::gpu) cards.push_back(&card);
    }
    std::ranges::sort(cards, {}, [](const FleetCard* card) { return card->card.pci; });
    // The driver numbers the cards that it has, so one that it may have had before spoils that.
    const bool numbered = std::ranges::all_of(cards, [](const FleetCard* card) {
      return is_nvidia(*card) && driver_of(*card) == "nvidia" && card->slices.empty();
    });
    int device = 0;
    for (const auto* card : cards) {
      const auto number = device++;
      const auto why = why_not_here(one.host, *card);
      if (why.empty()) {
        node.cards.push_back(
            {words_.at(ids_of(card->card)), numbered ? std::optional(number) : std::nullopt});
      } else {
        node.left.push_back(who(one.host, *card) + ": " + why);
      }
    }
    keep(std::move(node));
  }

  static std::string why_not_here(const Host& host, const FleetCard& card) {
    if (card.failing) return "it failed its check: " + *card.failing;
    if (!stays_with_host(host, card)) {
      const auto why = why_not_free(card);
      return why.empty() ? "it is for VMs (`set host gpu` wish=host keeps it for its host)" : why;
    }
    return driver_of(card) == "-" ? "no driver of its host is known to have it" : "";
  }

  void add(const FleetVm& one) {
    SlurmNode node{one.vm.name.str(), one.address, one.vm.cpus, drained(one.host), {}, {}};
    auto devices = one.devices;
    std::erase_if(devices, [&](const FleetDevice& device) {
      const auto* card = card_of(one.vm.container, device);
      return card != nullptr && card->kind != DeviceKind::gpu;
    });
    std::ranges::sort(devices, {}, &FleetDevice::guest);
    const bool numbered = std::ranges::all_of(devices, [&](const FleetDevice& device) {
      const auto* card = card_of(one.vm.container, device);
      return card != nullptr && is_nvidia(*card) && (device.guest || devices.size() == 1);
    });
    for (std::size_t i = 0; i < devices.size(); ++i) {
      const auto* card = card_of(one.vm.container, devices[i]);
      const auto what = devices[i].name.str() + " of " + node.name + ": ";
      if (card == nullptr) {
        node.left.push_back(what + "it is no whole card of which all is known");
      } else if (card->failing) {
        node.left.push_back(what + "it failed its check: " + *card->failing);
      } else {
        node.cards.push_back({words_.at(ids_of(card->card)),
                              numbered ? std::optional(static_cast<int>(i)) : std::nullopt});
      }
    }
    keep(std::move(node));
  }

  // Null when it is no whole card, or was missing or never seen.
  const FleetCard* card_of(const HostName& host, const FleetDevice& device) const {
    if (!device.whole) return nullptr;
    for (const auto& card : by_name_.at(host)->cards) {
      if (card.card.name == device.gpu && !card.card.missing && !card.card.functions.empty()) {
        return &card;
      }
    }
    return nullptr;
  }

  static std::string drained(const Host& host) {
    if (host.maintenance) return host.maintenance->empty() ? "maintenance" : *host.maintenance;
    return host.failing.value_or("");
  }

  // To Slurm the lines of a node DEFAULT are those of all nodes behind it.
  void keep(SlurmNode node) {
    if (lower(node.name) == "default" && !node.cards.empty()) {
      node.left.push_back(node.name + ": it means every node to Slurm");
      node.cards.clear();
    }
    if (!node.cards.empty() || !node.left.empty()) nodes.push_back(std::move(node));
  }

  std::map<std::string, std::string> words_;
  std::map<HostName, const FleetHost*> by_name_;
};

std::string left_lines(const SlurmNode& node) {
  std::string text;
  for (const auto& left : node.left) text += comment_line("left out: " + left);
  return text;
}

// "gpu:a100_pcie_40gb:2,gpu:l40s:1"
std::string gres_of(const SlurmNode& node) {
  std::map<std::string, int> counts;
  for (const auto& card : node.cards) ++counts[card.type];
  std::string text;
  for (const auto& [type, count] : counts) {
    text += (text.empty() ? "gpu:" : ",gpu:") + type + ":" + std::to_string(count);
  }
  return text;
}

}  // namespace

FleetReport fleet_as_slurm(const Fleet& fleet) {
  std::string text =
      "# Nodes with cards, for slurm.conf; format=slurm-gres is their gres.conf.\n"
      "# slurm.conf wants GresTypes=gpu. What is not here (RealMemory, Sockets) `slurmd -C` prints "
      "on\n"
      "# the node.\n";
  for (const auto& node : Nodes(fleet).nodes) {
    text += left_lines(node);
    if (node.cards.empty()) continue;
    text += "NodeName=" + node.name;
    if (node.address) text += " NodeAddr=" + *node.address;
    if (node.cpus) text += " CPUs=" + std::to_string(*node.cpus);
    text += " Gres=" + gres_of(node);
    if (!node.drained.empty()) text += " State=DRAIN Reason=" + reason_string(node.drained);
    text += "\n";
  }
  return {text};
}

FleetReport fleet_as_slurm_gres(const Fleet& fleet) {
  std::string text =
      "# gres.conf of the nodes that format=slurm prints. Assumed: NVIDIA's driver has the cards "
      "of\n"
      "# VMs, has no device that is no card here (a console), and numbers /dev/nvidiaN in the "
      "order of\n"
      "# PCI addresses. Where it does not have all cards of a node, or their order is not known, "
      "the\n"
      "# line is a comment, to be completed: Slurm takes no GPU without its File.\n";
  for (const auto& node : Nodes(fleet).nodes) {
    text += left_lines(node);
    const auto line = [&](const std::string& type) {
      return "NodeName=" + node.name + " Name=gpu Type=" + type;
    };
    std::map<std::string, int> counts;
    for (const auto& card : node.cards) {
      if (!card.device) ++counts[card.type];
      if (card.device) {
        text += line(card.type) + " File=/dev/nvidia" + std::to_string(*card.device) + "\n";
      }
    }
    for (const auto& [type, count] : counts) {
      text += comment_line("File is not known: " + line(type) + " Count=" + std::to_string(count));
    }
  }
  return {text};
}

}  // namespace cluster::frontend
