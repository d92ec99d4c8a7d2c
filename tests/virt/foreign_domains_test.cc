// libvirt's own test documents as judge: each that the libvirt here takes is adopted, gets a card
// and loses it again, and nothing else may change. $LIBVIRT_SOURCE is the folder of its source,
// tests/support/libvirt_source.sh; tests/support/libvirtd.sh brings the libvirtd.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>

#include "core/error.h"
#include "core/file.h"
#include "tests/virt/real_domains.h"

namespace cluster::virt {
namespace {

std::string text_of(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "  ", pugi::format_indent | pugi::format_no_declaration);
  return out.str();
}

std::vector<std::filesystem::path> test_documents(const std::filesystem::path& source) {
  std::vector<std::filesystem::path> out;
  // Before libvirt 10.x in two folders, since then in one.
  for (const char* folder : {"qemuxml2argvdata", "qemuxml2xmloutdata", "qemuxmlconfdata"}) {
    const auto path = source / "tests" / folder;
    if (!std::filesystem::exists(path)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      // A link in the one folder says that libvirt writes back what it read.
      const bool again = folder == std::string_view("qemuxmlconfdata") && entry.is_symlink();
      if (entry.path().extension() == ".xml" && !again) out.push_back(entry.path());
    }
  }
  std::ranges::sort(out);
  return out;
}

// The document as a VM of this machine; "" where it is no VM for x86 with PCI.
std::string for_this_machine(const std::string& text, const std::string& name) {
  pugi::xml_document document;
  if (!document.load_buffer(text.data(), text.size())) return "";
  auto domain = document.child("domain");
  const auto type = domain.child("os").child("type");
  const std::string arch = type.attribute("arch").as_string("x86_64");
  if (type.empty() || (arch != "x86_64" && arch != "i686")) return "";
  if (std::string_view(type.attribute("machine").value()) == "isapc") return "";
  domain.attribute("type") = "qemu";
  domain.child("name").text() = name.c_str();
  if (auto emulator = domain.child("devices").child("emulator"); !emulator.empty()) {
    emulator.text() = "/usr/bin/qemu-system-x86_64";
  }
  return text_of(document);
}

// What an inventory says of the VM that knows little of it, with or without a card.
std::string inventory_of(const std::string& theirs, bool card) {
  pugi::xml_document there;
  read_domain(there, theirs);
  const auto domain = there.child("domain");
  pugi::xml_document document;
  auto ours = document.append_child("domain");
  ours.append_attribute("type") = domain.attribute("type").value();
  for (const char* name : {"name", "uuid", "memory", "vcpu"}) ours.append_copy(domain.child(name));
  for (const char* name : {"cpuset", "current"}) ours.child("vcpu").remove_attribute(name);
  ours.append_child("os").append_copy(domain.child("os").child("type"));
  auto devices = ours.append_child("devices");
  if (card) {
    auto hostdev = devices.append_child("hostdev");
    hostdev.append_attribute("mode") = "subsystem";
    hostdev.append_attribute("type") = "pci";
    hostdev.append_attribute("managed") = "yes";
    auto address = hostdev.append_child("source").append_child("address");
    address.append_attribute("domain") = "0x0000";
    address.append_attribute("bus") = kCardBus;
    address.append_attribute("slot") = "0x00";
    address.append_attribute("function") = "0x0";
  }
  return text_of(document);
}

bool is_our_card(pugi::xml_node hostdev) {
  return attribute(hostdev.child("source").child("address"), "bus") == kCardBus;
}

bool has_card(const std::string& text) {
  pugi::xml_document document;
  read_domain(document, text);
  return std::ranges::any_of(document.child("domain").child("devices").children("hostdev"),
                             is_our_card);
}

constexpr const char* kTried = "tried";
constexpr const char* kNoPlace = "without a place for a card";

// Calls `judge` with each document, as the libvirt here has it, and counts its answers.
template <typename Judge>
void judge_all(Domains& domains, Judge judge) {
  const char* source = std::getenv("LIBVIRT_SOURCE");
  ASSERT_TRUE(source) << "LIBVIRT_SOURCE is to be the folder of libvirt's source";
  std::map<std::string, int> count;
  int number = 0;
  for (const auto& path : test_documents(source)) {
    const auto title = path.parent_path().filename() / path.filename();
    SCOPED_TRACE(title.string());
    const auto text =
        for_this_machine(read_file(path).value_or(""), "vm-" + std::to_string(++number));
    if (text.empty()) {
      ++count["for another machine"];
      continue;
    }
    std::string theirs;
    try {
      theirs = domains.define(domains.define(text, Validation::none), Validation::none);
    } catch (const Error& error) {
      std::cout << title.string() << ": " << error.what() << "\n";
      ++count["refused by the libvirt here"];
      continue;
    }
    try {
      ++count[judge(theirs)];
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
    for (const auto& domain : domains.list()) domains.undefine(domain.uuid);
  }
  for (const auto& [what, times] : count) std::cout << times << " " << what << "\n";
  EXPECT_GE(count[kTried], 500);
  EXPECT_LE(count[kNoPlace], 3);
}

// The merge alone, for an inventory that knows little of the VM.
class ForeignDomains : public testing::Test {
 protected:
  std::string define(const std::string& xml) { return domains->define(xml, Validation::none); }

  std::string give_and_take(const std::string& theirs) {
    const auto without = inventory_of(theirs, false);
    const auto with = inventory_of(theirs, true);
    const Agreement adopted{without, theirs};
    const auto quiet = merge(&adopted, theirs, without, Keep::ask);
    EXPECT_TRUE(quiet.document && !quiet.changes());
    const auto given = merge(&adopted, theirs, with, Keep::ask);
    if (!given.document) {
      EXPECT_FALSE(given.drifted());
      for (const auto& why : given.refusals) std::cout << "refused: " << why << "\n";
      return kNoPlace;
    }
    const auto back = define(*given.document);
    EXPECT_TRUE(has_card(back));
    EXPECT_EQ(differences(theirs, back), "");
    const Agreement agreed{with, back};
    const auto again = merge(&agreed, back, with, Keep::ask);
    EXPECT_TRUE(again.document && !again.changes());
    const auto taken = merge(&agreed, back, without, Keep::ask);
    EXPECT_TRUE(taken.document) << (taken.refusals.empty() ? "drift" : taken.refusals.front());
    if (!taken.document) return kTried;
    const auto last = define(*taken.document);
    EXPECT_FALSE(has_card(last));
    EXPECT_EQ(differences(theirs, last), "");
    return kTried;
  }

  std::unique_ptr<Domains> domains = open_domains("qemu:///system");
};

TEST_F(ForeignDomains, ChangeInNothingButTheCard) {
  judge_all(*domains, [&](const std::string& theirs) { return give_and_take(theirs); });
}

// What an operator types, for an inventory that knows of the VM what it can.
class AdoptedForeigners : public RealDomains {
 protected:
  void SetUp() override {
    expect({"add", "host", "n1", "appliance=vm-container"});
    expect({"add", "host", "gpu", "n1", "gpupci1", "0000:e1:00.0"});
  }

  std::string there() { return libvirt->list().at(0).xml; }

  void expect_nothing_to_do(const std::string& vm) {
    const auto quiet = expect({"sync", "vm", "config", vm, "diff=yes"});
    EXPECT_EQ(quiet.out, "");
    EXPECT_EQ(quiet.err, "cluster: nothing to do\n");
  }

  std::string adopt_give_and_take() {
    const auto made = there();
    expect({"discover", "host", "vm", "n1", "import=yes"});
    const auto vms = Inventory(folder.path() / "cluster.db", Inventory::Open::existing).vms();
    if (vms.empty()) return "not adopted";
    const auto vm = vms.at(0).name.str();
    expect_nothing_to_do(vm);
    EXPECT_EQ(there(), made);

    expect({"add", "host", "gpu", vm, "gpupci9", "0000:e1:00.0"});
    const auto sync = run({"sync", "vm", "config", vm});
    const bool is_full = sync.err.find(": no slot is left on bus ") != std::string::npos;
    if (is_full) {
      EXPECT_EQ(there(), made);
    } else {
      EXPECT_EQ(sync.status, 0) << sync.out << sync.err;
      EXPECT_TRUE(has_card(there()));
      EXPECT_EQ(differences(made, there()), "");
      expect_nothing_to_do(vm);
    }
    expect({"remove", "host", "gpu", vm, "gpupci9"});
    expect({"sync", "vm", "config", vm});
    EXPECT_FALSE(has_card(there()));
    EXPECT_EQ(differences(made, there()), "");
    expect({"remove", "host", "vm", vm, "undefine=yes"});
    EXPECT_TRUE(libvirt->list().empty());
    return is_full ? kNoPlace : kTried;
  }
};

TEST_F(AdoptedForeigners, ChangeInNothingButTheCard) {
  judge_all(*libvirt, [&](const std::string&) { return adopt_give_and_take(); });
}

}  // namespace
}  // namespace cluster::virt
