#include "frontend/vms/vm_plan.h"

#include <algorithm>
#include <iterator>

#include "core/text.h"
#include "frontend/vms/difference_words.h"
#include "virt/domain_gates.h"
#include "virt/domain_xml.h"

namespace cluster::frontend {
namespace {

Error refused(const std::string& why) { return {Fault::refused, why}; }

// What was agreed about the domain on its container. A define that was not noted down, as the
// command was killed after it, left its fingerprint.
std::optional<virt::Agreement> agreement(const VmTask& task, const std::string& ours,
                                         const VmAgreement* agreed) {
  const bool here = agreed != nullptr && agreed->container == task.vm.container;
  const auto& theirs = task.domain->xml;
  if (here && (agreed->defined == theirs || agreed->rendered == ours)) {
    return virt::Agreement{agreed->rendered, agreed->defined};
  }
  if (virt::fingerprint_in(theirs) == virt::fingerprint(ours)) return virt::Agreement{ours, {}};
  if (here) return virt::Agreement{agreed->rendered, agreed->defined};
  return {};
}

Error drift_refusal(const VmTask& task, const std::vector<virt::MergeDifference>& differences,
                    bool is_ours) {
  const auto count = std::ranges::count_if(
      differences, [](const auto& one) { return one.kind == virt::MergeDifference::Kind::drift; });
  const auto& host = task.vm.container.str();
  return refused((is_ours ? "it was changed on " + quote(host)
                          : quote(host) + " has it, but not from this inventory") +
                 " (" + std::to_string(count) + (count == 1 ? " line" : " lines") +
                 " above): keep=theirs accepts that, keep=ours sets it back (sync vm config " +
                 task.vm.name.str() + ")");
}

// What is only in the document there since another version of libvirt has it: nobody can tell what
// a newer libvirt wrote by itself from what somebody wrote. It is kept, and said once.
std::vector<std::string> upgraded(const VmTask& task, const VmAgreement* agreed,
                                  unsigned long version,
                                  const std::vector<virt::MergeDifference>& differences) {
  const bool here = agreed != nullptr && agreed->container == task.vm.container;
  if (!here || version <= agreed->libvirt) return {};
  std::vector<virt::MergeDifference> kept;
  std::ranges::copy_if(differences, std::back_inserter(kept), [](const auto& one) {
    return one.kind == virt::MergeDifference::Kind::kept;
  });
  if (kept.empty()) return {};
  std::vector<std::string> out{
      "VM " + quote(task.vm.name.str()) + ": libvirt on " + task.vm.container.str() + " was " +
      virt::version_text(agreed->libvirt) + " and is " + virt::version_text(version) +
      " now; what it has written since is kept:"};
  std::ranges::move(difference_words(task.vm.name.str(), kept), std::back_inserter(out));
  return out;
}

}  // namespace

const VmAgreement* agreement_of(const std::map<HostName, VmAgreement>& all, const Vm& vm) {
  const auto found = all.find(vm.name);
  return found == all.end() || found->second.uuid != vm.uuid ? nullptr : &found->second;
}

std::string agreed_document(const Vm& vm, const std::string& ours, const VmAgreement* agreed) {
  if (agreed == nullptr) return ours;
  const virt::Agreement agreement{agreed->rendered, agreed->defined};
  if (agreed->rendered == ours) return virt::without_fingerprint(agreed->defined);
  const auto merged = virt::merge(&agreement, agreed->defined, ours, virt::Keep::ask);
  if (merged.document) return *merged.document;
  throw refused("VM " + quote(vm.name.str()) + ": " + joined(merged.refusals, "; "));
}

std::vector<std::string> take_plan(const VmDefinitions& definitions, VmTask& task,
                                   const VmDefinitions::Rendering& ours, const VmPlan& plan,
                                   int version) {
  if (plan.refusal) throw Error(*plan.refusal);
  std::vector<std::string> out;
  if (!plan.xml.empty()) {
    out = definitions.judge(task.vm, ours, plan.xml, task.domain ? task.domain->xml : "", version);
    const auto check = definitions.check(task.vm, ours, plan.xml, plan.base);
    if (check.note) out.push_back(*check.note);
    task.check = check.by;
  }
  std::ranges::copy(plan.upgraded, std::back_inserter(out));
  task.xml = plan.xml;
  task.rendered = plan.rendered;
  return out;
}

AutostartPlan plan_autostart(const VmTask& task, const VmAgreement* agreed, virt::Keep keep) {
  const bool ours = task.autostart_said.value_or(false);
  const bool there = task.domain && task.domain->autostart;
  const bool is_known = task.domain && agreed != nullptr && agreed->autostart &&
                        agreed->container == task.vm.container;
  if (!is_known || ours == there) return {ours};
  const bool they = there != agreed->autostart->there;
  const bool we = ours != agreed->autostart->said;
  if (!they) return {we ? ours : there};
  const auto word = [](bool yes) { return std::string(yes ? "yes" : "no"); };
  return {keep == virt::Keep::ours ? ours : there,
          virt::MergeDifference{
              virt::MergeDifference::Kind::drift,
              we ? virt::MergeDifference::Who::both : virt::MergeDifference::Who::host,
              "domain@autostart", word(ours), word(there), word(agreed->autostart->there)}};
}

VmPlan plan(const VmTask& task, const std::string& ours, const VmAgreement* agreed,
            unsigned long version, virt::Keep keep) {
  VmPlan out;
  const auto autostart = plan_autostart(task, agreed, keep);
  out.autostart = autostart.yes;
  if (!task.domain) {
    out.is_new = true;
    out.rendered = ours;
    const bool usable = agreed != nullptr && version >= agreed->libvirt;
    out.xml = usable ? virt::with_fingerprint(agreed_document(task.vm, ours, agreed), ours)
                     : virt::for_define(ours);
    if (usable) out.base = agreed->defined;
    return out;
  }
  out.base = task.domain->xml;
  const auto known = agreement(task, ours, agreed);
  auto merged = virt::merge(known ? &*known : nullptr, task.domain->xml, ours, keep);
  if (task.autostart_said && autostart.drift) {
    merged.differences.push_back(*autostart.drift);
    if (keep == virt::Keep::ask) merged.document.reset();
  }
  const auto news = upgraded(task, agreed, version, merged.differences);
  out.drifted = merged.drifted();
  out.lines = difference_words(task.vm.name.str(), merged.differences);
  if (!merged.refusals.empty()) {
    out.refusal = refused(joined(merged.refusals, "; "));
  } else if (!merged.document) {
    out.refusal = drift_refusal(task, merged.differences, known.has_value());
  } else if (merged.changes() && task.domain->saved) {
    out.refusal = refused(
        "it has saved memory, and a start would go on from that and not from what changes: "
        "`cluster restore host vm " +
        task.vm.name.str() + "` and stop it, or `virsh managedsave-remove " +
        virt::virsh_word(task.domain->name, task.domain->uuid) + "` on " +
        quote(task.vm.container.str()));
  } else if (merged.changes()) {
    out.xml = virt::with_fingerprint(*merged.document, ours);
    out.rendered = ours;
    out.upgraded = news;
  } else if (!news.empty() || merged.drifted() || agreed == nullptr || agreed->rendered != ours ||
             agreed->container != task.vm.container) {
    out.rendered = ours;  // it is as both want it
    out.upgraded = news;
  }
  return out;
}

}  // namespace cluster::frontend
