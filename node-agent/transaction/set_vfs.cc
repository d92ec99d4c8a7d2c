#include "node-agent/transaction/set_vfs.h"

#include "core/error.h"
#include "node-agent/cards/slices.h"
#include "node-agent/guard/guards.h"
#include "node-agent/state/saved_drivers.h"
#include "node-agent/state/wedged.h"

namespace cluster::agent {
namespace {

constexpr std::string_view kVendorDriver = "nvidia";

class SetVfs {
 public:
  SetVfs(const VfsChange& change, SliceRecord& record, SliceSteps& steps)
      : card_(change.card),
        wanted_(change.wanted),
        input_(change.input),
        environment_(change.environment),
        forced_(change.forced),
        record_(record),
        steps_(steps) {}

  bool run() {
    const auto sriov = read_sriov(card_, input_.sysfs);
    if (!sriov) throw Error(Fault::refused, "it has no SR-IOV (no sriov_totalvfs)");
    sriov_ = *sriov;
    plan();
    if (sriov_.vfs == wanted_) {
      if (steps_.acts() && kept() != wanted_) record_.set_vfs(card_.name, wanted_);
      return false;
    }
    guard();
    const auto before = kept();
    steps_.note("# save that " + card_.label() + " has " + count_words(wanted_));
    if (steps_.acts()) record_.set_vfs(card_.name, wanted_);
    try {
      change(sriov_.vfs, wanted_);
      read_back(wanted_);
    } catch (const Error& error) {
      throw Error(Fault::io, error.what() + put_back(before));
    }
    return true;
  }

 private:
  static std::string count_words(long long count) {
    return std::to_string(count) + " virtual function" + (count == 1 ? "" : "s");
  }

  long long kept() const {
    const auto found = record_.vfs().find(card_.name);
    return found == record_.vfs().end() ? 0 : found->second;
  }

  void plan() {
    const auto pci = sriov_.pci.sysfs();
    if (wanted_ > sriov_.total) {
      throw Error(Fault::refused, "it can have " + std::to_string(sriov_.total) + " at most, not " +
                                      std::to_string(wanted_));
    }
    const auto driver = input_.sysfs.driver(sriov_.pci);
    if (driver && input_.settings.is_stub(*driver)) {
      throw Refused({{.what = pci + " is detached (on " + *driver + ")",
                      .fix = "gpupci -a " + card_.label()}});
    }
    if (!driver) throw Error(Fault::refused, pci + " has no driver that could make them");
    by_script_ = *driver == kVendorDriver && std::filesystem::exists(environment_.sriov_manage);
    if (by_script_ && wanted_ != 0 && wanted_ != sriov_.total) {
      throw Error(Fault::refused, environment_.sriov_manage.native() + " makes all " +
                                      std::to_string(sriov_.total) + " or none, not " +
                                      std::to_string(wanted_));
    }
  }

  // Asks the guards about the slices that are to go. The needs of a VM do not matter here.
  void guard() {
    Forced waived = forced_;
    for (const auto* guard : guards()) {
      if (guard->for_vms_alone) waived.emplace(guard->name);
    }
    Reasons found;
    gone_ = slices_of(card_, input_.sysfs);
    // The kernel would wait for a device that has not let go of the card.
    const WedgedCards wedged(environment_);
    for (const auto& slice : gone_) wedged.refuse(slice.pci());
    if (!gone_.empty()) {
      const auto all = as_one_card(gone_);
      found = refusals(all, {all}, input_, waived);
      if (!forced_.contains(kSlicesGuard.name)) add_detached(gone_, found);
    }
    if (by_script_) {
      waived.emplace(kSlicesGuard.name);
      for (auto& one : refusals(card_, {card_}, input_, waived)) found.push_back(std::move(one));
    }
    if (!found.empty()) throw Refused(std::move(found));
  }

  static Card as_one_card(const std::vector<Card>& slices) {
    Card all{slices.front().name, {}};
    for (const auto& slice : slices) all.functions.push_back(slice.functions.front());
    return all;
  }

  void add_detached(const std::vector<Card>& slices, Reasons& found) const {
    const SavedDrivers saved(environment_.saved_drivers, environment_.machine());
    for (const auto& slice : slices) {
      const auto& function = slice.functions.front();
      const bool on_stub = is_detached(function, input_.settings);
      if (!on_stub && !saved.has(function.pci)) continue;
      found.push_back({.id = kSlicesGuard.name,
                       .what = function.pci.sysfs() + " is detached" +
                               (on_stub ? " (on " + *function.driver + ")" : ""),
                       .fix = "gpupci -a " + slice.label()});
    }
  }

  // The kernel refuses to go from one number to another unless one of them is 0.
  void change(long long from, long long to) {
    if (by_script_) {
      steps_.run({environment_.sriov_manage.native(), to == 0 ? "-d" : "-e", sriov_.pci.sysfs()});
      return;
    }
    const auto attribute = input_.sysfs.device_path(sriov_.pci) / "sriov_numvfs";
    if (from != 0) steps_.write(attribute, "0");
    if (to != 0) steps_.write(attribute, std::to_string(to));
  }

  void read_back(long long count) {
    const auto attribute = input_.sysfs.device_path(sriov_.pci) / "sriov_numvfs";
    steps_.note("cat " + attribute.native() + "  # " + std::to_string(count));
    if (!steps_.acts()) return;
    const auto now = read_sriov(card_, input_.sysfs);
    const auto there = static_cast<long long>(slices_of(card_, input_.sysfs).size());
    if (!now || now->vfs != count || there != count) {
      throw Error(Fault::io, sriov_.pci.sysfs() + " has " + count_words(there) + ", want " +
                                 std::to_string(count));
    }
    forget_the_gone();
  }

  // --force removed slices that were detached, so their records go as well.
  void forget_the_gone() {
    if (gone_.empty()) return;
    record_.forget_slices(card_.name);
    SavedDrivers saved(environment_.saved_drivers, environment_.machine());
    for (const auto& slice : gone_) saved.forget({slice.pci()});
  }

  std::string put_back(long long kept_before) {
    if (!steps_.acts()) return "";
    try {
      record_.set_vfs(card_.name, kept_before);
      if (!steps_.stuck().empty()) return "";
      const auto now = read_sriov(card_, input_.sysfs);
      if (!now || now->vfs == sriov_.vfs) return "";
      change(now->vfs, sriov_.vfs);
      const auto then = read_sriov(card_, input_.sysfs);
      if (then && then->vfs == sriov_.vfs) return "; put back: " + count_words(sriov_.vfs);
      return "; NOT put back: " + count_words(sriov_.vfs);
    } catch (const Error& error) {
      return "; NOT put back: " + count_words(sriov_.vfs) + " (" + error.what() + ")";
    }
  }

  const Card& card_;
  long long wanted_;
  const GuardInput& input_;
  const Environment& environment_;
  const Forced& forced_;
  SliceRecord& record_;
  SliceSteps& steps_;
  Sriov sriov_;
  bool by_script_ = false;
  std::vector<Card> gone_;  // those that were there before
};

}  // namespace

bool set_vfs(const VfsChange& change, SliceRecord& record, SliceSteps& steps) {
  return SetVfs(change, record, steps).run();
}

}  // namespace cluster::agent
