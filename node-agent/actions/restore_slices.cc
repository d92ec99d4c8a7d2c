#include "node-agent/actions/restore_slices.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "core/error.h"
#include "core/text.h"
#include "node-agent/actions/card_list.h"
#include "node-agent/binding/signal_hold.h"
#include "node-agent/cards/slices.h"
#include "node-agent/state/lock.h"
#include "node-agent/transaction/set_vfs.h"
#include "node-agent/transaction/vgpu_lease.h"

namespace cluster::agent {
namespace {

constexpr std::chrono::milliseconds kPause{100};

class RestoreSlices {
 public:
  explicit RestoreSlices(const Call& call)
      : call_(call),
        mode_(call.options.dry_run ? virt::Mode::dry_run : virt::Mode::act),
        card_list_(call.environment, call.err, true),
        record_(call.environment.slices, call.environment.machine()),
        // There is one wait for all of them. A driver that has not come by its end does not come.
        end_(std::chrono::steady_clock::now() + call.environment.slice_patience) {}

  int run() {
    const auto vfs = record_.vfs();
    for (const auto& [card, count] : vfs) {
      attempt("the virtual functions of " + card.str(),
              [&, name = card, wanted = count](SliceSteps& steps) {
                restore_vfs(name, wanted, steps);
              });
    }
    const auto vgpus = record_.vgpus();
    for (const auto& [id, leased] : vgpus) {
      attempt("vGPU " + id, [&, name = id, what = leased](SliceSteps& steps) {
        restore_vgpu(name, what, steps);
      });
    }
    return status_;
  }

 private:
  bool acts() const { return mode_ == virt::Mode::act; }

  template <typename Restore>
  void attempt(const std::string& what, Restore restore) {
    const SignalHold hold;
    SliceSteps steps(call_.environment, mode_);
    try {
      restore(steps);
    } catch (const Error& error) {
      call_.err << "gpupci: cannot restore " + what + ": " + error.what() + "\n";
      status_ = exit_status(Fault::refused);
    }
    if (acts() || call_.options.json) return;
    for (const auto& step : steps.all()) call_.out << step + "\n";
  }

  // With --json the cards are the one document, so nothing is printed here.
  void print(const std::string& sentence) {
    if (acts() && !call_.options.json) call_.out << sentence + "\n";
  }

  // Waits until `is_there` is true, or until the time that the host gives to drivers ends.
  template <typename IsThere>
  void await(IsThere is_there) {
    while (acts() && !is_there() && std::chrono::steady_clock::now() < end_) {
      std::this_thread::sleep_for(kPause);
    }
  }

  void restore_vfs(const GpuName& name, long long count, SliceSteps& steps) {
    const auto cards = card_list_.pick(name.str());
    if (cards.empty()) throw Error(Fault::not_found, "the card is missing");
    const auto& card = cards.front();
    steps.concern(card.pci());
    await([&] {
      const auto sriov = read_sriov(card, card_list_.sysfs());
      return sriov && card_list_.sysfs().driver(sriov->pci);
    });
    const auto guarded = input();
    if (set_vfs({.card = card, .wanted = count, .input = guarded, .environment = call_.environment},
                record_, steps)) {
      print("GPU card '" + name.str() + "' has " + std::to_string(count) + " virtual function" +
            (count == 1 ? "" : "s"));
    }
  }

  void restore_vgpu(const std::string& id, const LeasedVgpu& leased, SliceSteps& steps) {
    const auto there = find(id);
    if (leased.removing) {
      if (there && there->type == leased.type) remove_vgpu(*there, input(), steps);
      if (acts()) record_.forget_vgpu(id);
      print("Removed vGPU " + id);
      return;
    }
    if (there && there->type == leased.type) return;
    if (there) {
      throw Error(Fault::refused, "another of type " + there->type + " is in its place");
    }
    const auto available = [&] { return offered(leased).has_value(); };
    await(available);
    const auto parent = offered(leased);
    if (!parent && !acts()) {  // it may be on a slice that would be made before
      steps.note("# make vGPU " + id + " of type " + leased.type + " on " + leased.parent);
      return;
    }
    if (!parent) {
      throw Error(Fault::refused,
                  leased.parent + " does not offer " + quote(leased.type) + " now (driver?)");
    }
    make_vgpu({id, *parent, leased.type}, card_list_.sysfs(), steps);
    print("Created vGPU " + id + " of type " + leased.type + " on " + leased.parent + ", lease " +
          leased.lease);
  }

  std::vector<VgpuParent> parents() { return vgpu_parents(card_list_.cards(), card_list_.sysfs()); }

  std::optional<Vgpu> find(const std::string& id) {
    for (const auto& parent : parents()) {
      for (auto& vgpu : vgpus_of(parent)) {
        if (vgpu.id == id) return std::move(vgpu);
      }
    }
    return std::nullopt;
  }

  std::optional<VgpuParent> offered(const LeasedVgpu& leased) {
    for (auto& parent : parents()) {
      if (parent.name != leased.parent || parent.interface != leased.interface) continue;
      for (const auto& type : vgpu_types(parent)) {
        if (type.id == leased.type && type.available > 0) return std::move(parent);
      }
    }
    return std::nullopt;
  }

  // libvirtd starts later than --restore, so nobody is asked about VMs.
  GuardInput input() const {
    return guard_input(call_.environment, card_list_.sysfs(), card_list_.settings());
  }

  const Call& call_;
  virt::Mode mode_;
  CardList card_list_;
  SliceRecord record_;
  std::chrono::steady_clock::time_point end_;
  int status_ = 0;
};

}  // namespace

int restore_slices(const Call& call) {
  const SliceRecord record(call.environment.slices, call.environment.machine());
  if (record.vfs().empty() && record.vgpus().empty()) return 0;
  std::optional<Lock> lock;
  if (!call.options.dry_run) {
    CardList(call.environment, call.err).cards();  // stores which card is where in this boot
    lock.emplace(call.environment.lock, call.environment.lock_patience);
  }
  return RestoreSlices(call).run();
}

}  // namespace cluster::agent
