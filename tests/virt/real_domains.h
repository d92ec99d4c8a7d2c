#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <sstream>

#include "cmd/program.h"
#include "core/text.h"
#include "db/inventory.h"
#include "tests/support/document_leaves.h"
#include "tests/support/fake_transport.h"
#include "tests/support/temp_dir.h"
#include "virt/domain_merge.h"
#include "virt/domain_tree.h"
#include "virt/libvirt_domains.h"

// What tests of VMs that others made share: one host "n1", which is the real libvirtd of
// tests/support/libvirtd.sh, and the program `cluster`.

namespace cluster::virt {

constexpr const char* kCardBus = "0xe1";  ///< of gpupci1, in no VM

/// Reads a document without our fingerprint, and without <metadata> when that is all it had.
inline void read_without_ours(pugi::xml_document& document, const std::string& text) {
  read_domain(document, without_fingerprint(text));
  auto domain = document.child("domain");
  if (elements(domain.child("metadata")).empty()) domain.remove_child("metadata");
}

/// What differs beside devices of the card kCardBus, a line for each.
inline std::string differences(const std::string& before, const std::string& after) {
  pugi::xml_document then;
  pugi::xml_document now;
  read_without_ours(then, before);
  read_without_ours(now, after);
  return differences_beside_card(then.child("domain"), now.child("domain"), kCardBus);
}

class RealDomains : public testing::Test {
 protected:
  ~RealDomains() override {
    for (const auto& domain : libvirt->list()) libvirt->undefine(domain.uuid);
  }

  struct Result {
    std::string out, err;
    int status;
  };

  Result run(const std::vector<std::string>& words) {
    std::ostringstream out;
    std::ostringstream err;
    const auto open = [this](const std::string&, Inventory::Open how) {
      return std::make_unique<Inventory>(folder.path() / "cluster.db", how);
    };
    const auto to_vms = [](const ssh::Target&, const ssh::Limits&) {
      return open_domains("qemu:///system");
    };
    const int status = cmd::run_program(words, {open, transport, to_vms, out, err});
    return {out.str(), err.str(), status};
  }

  Result expect(const std::vector<std::string>& words) {
    auto result = run(words);
    EXPECT_EQ(result.status, 0) << joined(words, " ") << "\n" << result.out << result.err;
    return result;
  }

  std::map<std::string, std::string> documents() {
    std::map<std::string, std::string> all;
    for (const auto& domain : libvirt->list()) all[domain.uuid] = domain.xml;
    return all;
  }

  TempDir folder;
  FakeTransport transport;
  std::unique_ptr<Domains> libvirt = open_domains("qemu:///system");
};

}  // namespace cluster::virt
