#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>

#include "virt/domain_spec.h"

namespace cluster {

/// Makes VMs at random that domain_xml() can render and libvirt's schema allows. The same seed
/// gives the same VMs on every machine. Only elements of libvirt 9.0 are in them.
class GeneratedDomains {
 public:
  explicit GeneratedDomains(std::uint32_t seed) : random_(seed) {}

  virt::DomainSpec next();

  /// A number from 0 to `count` - 1.
  unsigned below(unsigned count) { return static_cast<unsigned>(random_() % count); }

 private:
  bool maybe() { return below(2) == 0; }
  bool rarely() { return below(4) == 0; }
  std::string one_of(std::initializer_list<const char*> words);
  std::string text_of(std::size_t digits);

  void memory_and_cpus(virt::DomainSpec& domain);
  void numa(virt::DomainSpec& domain);
  void disks(virt::DomainSpec& domain);
  void interfaces(virt::DomainSpec& domain);
  void screens(virt::DomainSpec& domain);
  void cards(virt::DomainSpec& domain);
  void mdevs(virt::DomainSpec& domain);
  void fragments(virt::DomainSpec& domain);

  std::mt19937 random_;
  int made_ = 0;
};

}  // namespace cluster
