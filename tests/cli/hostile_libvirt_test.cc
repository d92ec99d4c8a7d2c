// A container whose libvirt says what it likes, in names, documents, errors and answers of agents.

#include <gmock/gmock.h>

#include <functional>

#include "core/text.h"
#include "tests/support/two_containers.h"

namespace cluster {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kForged =
    "a\ncluster: v2: all is lost\nv2:  pci_0000_02_00_0\x1b[2J\xc2\x9b"
    "2J";

std::string as_xml(std::string text) {
  const auto at = text.find('\x1b');
  return text.replace(at, 1, "&#27;");
}

// v1 is on n1, which is the enemy's, and v2 on n2.
class HostileLibvirt : public TwoContainers {
 protected:
  void SetUp() override {
    TwoContainers::SetUp();
    good_ = n1();
  }

  // Runs each command that asks libvirt, on a host of the enemy as `make` makes it; gives all that
  // they said.
  std::string said_when(const std::function<void(FakeDomains::Host&)>& make) {
    const std::vector<std::vector<std::string>> commands{
        {"list", "host", "vm", "status=yes", "address=yes"},
        {"discover", "host", "vm", "n1"},
        {"discover", "host", "vm", "n1", "format=csv"},
        {"check", "host", "vm", "v1"},
        {"report", "vm", "config", "v1", "diff=yes"},
        {"sync", "vm", "config", "v1"},
        {"sync", "vm", "config", "v1", "keep=theirs"},
        {"start", "host", "vm", "v1"},
        {"pause", "host", "vm", "v1"},
        {"stop", "host", "vm", "v1"}};
    std::string all;
    for (const auto& words : commands) {
      n1() = good_;
      make(n1());
      const auto result = run(words);
      const auto said = result.out + result.err;
      SCOPED_TRACE(joined(words, " ") + ":\n" + said);
      EXPECT_NE(result.status, 70);
      EXPECT_THAT(said, Not(HasSubstr("\x1b")));
      EXPECT_THAT(said, Not(HasSubstr("\xc2\x9b")));
      for (const auto line : split(said, '\n')) {
        EXPECT_FALSE(line.starts_with("cluster: v2: all") || line.starts_with("v2:  pci")) << line;
        EXPECT_LT(line.size(), 20'000U);
      }
      all += said;
    }
    return all;
  }

 private:
  FakeDomains::Host good_;
};

TEST_F(HostileLibvirt, SaysNothingInErrorsThatPassesForAnother) {
  for (const auto fault : {Fault::io, Fault::unreachable}) {
    const auto said = said_when([&](FakeDomains::Host& host) {
      host.failure = Error(fault, "libvirt cannot open: " + std::string(kForged));
    });
    EXPECT_THAT(said, HasSubstr("all is lost")) << "it is told, as one line";
  }
}

TEST_F(HostileLibvirt, SaysNothingInNamesThatPassesForAnother) {
  const auto said = said_when([](FakeDomains::Host& host) {
    for (const auto* uuid :
         {"00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000009"}) {
      virt::Domain domain = host.domains.at(0);
      domain.name = kForged;
      domain.uuid = uuid;
      domain.state = virt::DomainState::running;
      domain.active = true;
      host.domains.push_back(domain);
    }
    host.domains.erase(host.domains.begin());
    host.in_use = {{kForged, kForged, true}};
    host.capabilities = "disk/bus " + std::string(kForged);
  });
  EXPECT_THAT(said, HasSubstr("all is lost"));
}

TEST_F(HostileLibvirt, SaysNothingInDocumentsThatPassesForAnother) {
  const auto text = as_xml(kForged);
  bool runs = false;
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"</name>", "</name><title>" + text + "</title>"},
           {"<devices>", "<devices><hostdev mode='subsystem' type='mdev'><source><address uuid='" +
                             text + "'/></source></hostdev>"},
           {"<devices>", "<devices><" + std::string("a b='") + text + "'/>"},
           {"/dev/b", text},
           {"</memory>", text + "</memory>"},
           {"<domain ", "<" + std::string(kForged)},
           {"<name>", text + "<name>"}}) {
    runs = !runs;
    const auto said = said_when([&, &part = from, &other = to](FakeDomains::Host& host) {
      auto& domain = host.domains.at(0);
      const auto at = domain.xml.find(part);
      ASSERT_NE(at, std::string::npos) << part;
      domain.xml.replace(at, part.size(), other);
      domain.active = runs;
      domain.state = runs ? virt::DomainState::running : virt::DomainState::shut_off;
    });
    EXPECT_THAT(said, HasSubstr("v1")) << from;
  }
}

TEST_F(HostileLibvirt, GivesAnswersOfAGuestThatPassForNobodyElses) {
  int asked = 0;
  for (const auto& reply :
       {virt::AgentReply{kForged, {}}, virt::AgentReply{"", Error(Fault::io, kForged)},
        virt::AgentReply{R"({"return": {"pid": 7, "exited": true, "exitcode": 1, "err-data": "YQpj)"
                         R"(bHVzdGVyOiB2MjogYWxsIGlzIGxvc3QKG1sySg=="}})",
                         {}}}) {
    said_when([&](FakeDomains::Host& host) {
      host.domains.at(0).active = true;
      host.domains.at(0).state = virt::DomainState::running;
      host.agent = [&](const std::string&, const std::string&) {
        ++asked;
        return reply;
      };
      host.addresses["v1"] = {{{kForged, kForged}, {"52:54:00:00:00:01", "-oProxyCommand=x"}},
                              "agent"};
    });
  }
  EXPECT_GT(asked, 0);
}

// Of a text without end no more is told than a line of a person may have.
TEST_F(HostileLibvirt, IsNotToldAtLength) {
  const std::string endless(std::size_t{1} << 20U, 'x');
  said_when([&](FakeDomains::Host& host) {
    auto& xml = host.domains.at(0).xml;
    xml.replace(xml.find("/dev/b"), 6, endless);
  });
}

}  // namespace
}  // namespace cluster
