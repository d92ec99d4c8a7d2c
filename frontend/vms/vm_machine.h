#pragma once

#include <string>

#include "virt/domain_spec.h"

// The attributes of VMs that say what machine they are: type, firmware, memory, CPUs, NUMA. Each
// function puts `value` into `domain`, see VmAttribute::apply. Only vm_attributes.cc includes this
// header, and vm_machine.cc.

namespace cluster::frontend {

// How values are spelled. Each throws Error(usage) that says what is wanted.
[[noreturn]] void want(const std::string& what);
bool yes(const std::string& value);
int number(const std::string& value, int min, int max);
std::string path(const std::string& value);    ///< absolute, or ""
std::string ranges(const std::string& value);  ///< "0-31,64-95", a cpuset or nodeset; or ""

namespace machine {
void type(virt::DomainSpec& domain, const std::string& value);
void emulator(virt::DomainSpec& domain, const std::string& value);
void machine(virt::DomainSpec& domain, const std::string& value);
void firmware(virt::DomainSpec& domain, const std::string& value);
void boot(virt::DomainSpec& domain, const std::string& value);
void hugepages(virt::DomainSpec& domain, const std::string& value);
void cpu_mode(virt::DomainSpec& domain, const std::string& value);
void cpu_topology(virt::DomainSpec& domain, const std::string& value);
void maxphysaddr(virt::DomainSpec& domain, const std::string& value);
void numa(virt::DomainSpec& domain, const std::string& value);
void numa_memory(virt::DomainSpec& domain, const std::string& value);
void numa_guest(virt::DomainSpec& domain, const std::string& value);
void cpuset(virt::DomainSpec& domain, const std::string& value);
void clock(virt::DomainSpec& domain, const std::string& value);
void on_poweroff(virt::DomainSpec& domain, const std::string& value);
void on_reboot(virt::DomainSpec& domain, const std::string& value);
void on_crash(virt::DomainSpec& domain, const std::string& value);
void cpu_pin(virt::DomainSpec& domain, const std::string& value);
void emulator_cpus(virt::DomainSpec& domain, const std::string& value);
}  // namespace machine

}  // namespace cluster::frontend
