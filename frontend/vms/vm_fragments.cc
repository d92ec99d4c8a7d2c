#include "frontend/vms/vm_fragments.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "frontend/rolls/roll_store.h"
#include "frontend/vms/vm_attributes.h"
#include "rolls/engine/template.h"
#include "virt/domain_xml.h"

namespace cluster::frontend {
namespace {

virt::FragmentPlace place_of(const rolls::VmFragment& fragment) {
  switch (fragment.place) {
    case rolls::VmPlace::devices:
      return virt::FragmentPlace::devices;
    case rolls::VmPlace::features:
      return virt::FragmentPlace::features;
    case rolls::VmPlace::domain:
      break;
  }
  return virt::FragmentPlace::domain;
}

virt::Fragment filled(const rolls::Roll& roll, const rolls::VmFragment& fragment,
                      const rolls::TemplateValues& values) {
  const auto file = roll.full_name() + "/" + fragment.from;
  const auto& vm = values.find("host")->second;
  return {vm.empty() ? file : file + " for VM " + quote(vm), place_of(fragment),
          rolls::filled(fragment.text, file, values, rolls::xml_text)};
}

rolls::TemplateValues values_of(const rolls::Roll& roll, const std::string& vm,
                                const ResolvedAttributes& resolved) {
  auto values = no_facts("vm");
  values["host"] = vm;
  add_attributes(roll, resolved, values);
  return values;
}

}  // namespace

std::vector<virt::Fragment> fragments_for(const std::vector<rolls::Roll>& rolls, const Vm& vm,
                                          const ResolvedAttributes& resolved) {
  std::vector<virt::Fragment> fragments;
  for (const auto& roll : rolls) {
    if (roll.vm.empty()) continue;
    const auto values = values_of(roll, vm.name.str(), resolved);
    for (const auto& one : roll.vm) {
      const auto& when = values.find(one.when)->second;
      if (when.empty() || when == "no") continue;
      fragments.push_back(filled(roll, one, values));
    }
  }
  return fragments;
}

void check_fragments(const rolls::Roll& roll) {
  const auto values = values_of(roll, "", {});
  for (const auto& one : roll.vm) virt::check_fragment(filled(roll, one, values));
}

void refuse_attributes_of_vms(const rolls::Roll& roll) {
  const auto ours = vm_attributes();
  for (const auto& own : roll.attributes) {
    if (std::ranges::find(ours, own.name, &VmAttribute::name) != ours.end()) {
      throw Error(Fault::refused, "roll " + quote(roll.name) + " has an attribute " +
                                      quote(own.name) + ", and VMs have one already");
    }
    check_attribute_name(own.name);
  }
}

}  // namespace cluster::frontend
