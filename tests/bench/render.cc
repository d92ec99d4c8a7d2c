#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>

#include "tests/support/example_domains.h"
#include "virt/domain_merge.h"
#include "virt/domain_schema.h"
#include "virt/domain_xml.h"

// render_bench [VMS [FILE]] renders and validates VMs with two cards each, and merges what was
// rendered anew with what somebody changed. It prints its CPU time, as the machine may be shared,
// and writes one document to FILE.

namespace {

double seconds(std::clock_t since) {
  return static_cast<double>(std::clock() - since) / CLOCKS_PER_SEC;
}

// Returns the last document.
std::string run(const std::string& what, cluster::virt::DomainSpec domain,
                const cluster::virt::DomainSchema& schema, int vms) {
  std::string xml;
  double render = 0;
  const auto start = std::clock();
  for (int i = 0; i < vms; ++i) {
    domain.name = "vm-" + std::to_string(i);
    const auto before = std::clock();
    xml = cluster::virt::domain_xml(domain);
    render += seconds(before);
    if (const auto refusal = schema.refusal(xml)) {
      std::cerr << *refusal << "\n";
      std::exit(1);
    }
  }
  std::cout << what << ": " << vms / render << " VMs/s rendered, " << vms / seconds(start)
            << " VMs/s rendered and validated\n";
  return xml;
}

// Each VM has a title of its host and more memory from the inventory.
void merge(const std::string& what, cluster::virt::DomainSpec domain,
           const cluster::virt::DomainSchema& schema, int vms) {
  const cluster::virt::Agreement agreed{cluster::virt::domain_xml(domain),
                                        cluster::virt::for_define(domain_xml(domain))};
  auto theirs = agreed.defined.value();
  theirs.insert(theirs.find("<metadata>"), "<title>ledger</title>");
  double rendering = 0;
  double merging = 0;
  const auto start = std::clock();
  for (int i = 0; i < vms; ++i) {
    ++domain.memory_mib;
    auto before = std::clock();
    const auto ours = cluster::virt::domain_xml(domain);
    rendering += seconds(before);
    before = std::clock();
    const auto merged = cluster::virt::merge(&agreed, theirs, ours, cluster::virt::Keep::ask);
    merging += seconds(before);
    if (!merged.document || schema.refusal(*merged.document)) {
      std::cerr << what << " cannot be merged\n";
      std::exit(1);
    }
  }
  const auto all = seconds(start);
  std::cout << what << ": " << vms / merging << " VMs/s merged, " << vms / (all - rendering)
            << " merged and validated, " << vms / all << " rendered, merged and validated\n";
}

}  // namespace

int main(int argc, char** argv) {
  const int vms = argc > 1 ? std::atoi(argv[1]) : 10000;
  const auto start = std::clock();
  const cluster::virt::DomainSchema schema;
  std::cout << "schema read: " << seconds(start) * 1e3 << " ms\n";

  auto domain = cluster::example_domain("consumer_gpu");
  run("two cards, 6 functions", domain, schema, vms);
  domain.cards[0].functions.resize(2);
  const auto xml = run("two cards, 4 functions", domain, schema, vms);
  merge("two cards, 4 functions", domain, schema, vms);
  for (auto& card : domain.cards) {
    card.functions.resize(1);
    card.known = false;
  }
  run("two cards by address", domain, schema, vms);
  if (argc > 2) std::ofstream(argv[2]) << xml;
  return 0;
}
