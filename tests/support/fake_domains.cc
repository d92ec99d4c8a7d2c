#include "tests/support/fake_domains.h"

#include <algorithm>
#include <memory>

namespace cluster {
namespace {

class MemoryDomains : public virt::Domains {
 public:
  explicit MemoryDomains(FakeDomains::Host& host) : host_(host) {}

  std::vector<virt::Domain> list() override { return called("list").domains; }
  std::vector<virt::VmDevice> devices_in_use() override { return called("devices_in_use").in_use; }

  std::vector<std::string> running_documents(const std::vector<std::string>& uuids) override {
    called("running_documents");
    std::vector<std::string> documents;
    for (const auto& uuid : uuids) {
      const auto at = std::ranges::find(host_.domains, uuid, &virt::Domain::uuid);
      const bool runs = at != host_.domains.end() && at->active;
      const auto kept = host_.running.find(uuid);
      documents.push_back(!runs ? "" : kept == host_.running.end() ? at->xml : kept->second);
    }
    return documents;
  }

  unsigned long version() override { return called("version").version; }

  virt::DomainCapabilities capabilities(const virt::DomainMachine&) override {
    return virt::DomainCapabilities::parse(called("capabilities").capabilities);
  }

  std::string define(const std::string& xml, virt::Validation) override {
    if (called("define").before_define) host_.before_define();
    const auto name = between(xml, "<name>", "</name>");
    const auto uuid = between(xml, "<uuid>", "</uuid>");
    host_.done.push_back("define " + name);
    for (auto& domain : host_.domains) {
      if ((domain.name == name) != (domain.uuid == uuid)) {
        throw Error(Fault::exists, "the host has another VM '" + name + "'");
      }
      if (domain.uuid != uuid) continue;
      domain.xml = xml;
      return xml;
    }
    virt::Domain domain;
    domain.name = name;
    domain.uuid = uuid;
    domain.persistent = true;
    domain.xml = xml;
    host_.domains.push_back(domain);
    return xml;
  }

  void undefine(const std::string& uuid) override {
    called("undefine");
    find("undefine", uuid);
    std::erase_if(host_.domains, [&](const auto& domain) { return domain.uuid == uuid; });
  }

  void start(const std::string& uuid) override {
    called("start");
    auto& domain = find("start", uuid);
    set_active(domain, true);
    domain.saved = false;
  }

  void stop(const std::string& uuid, virt::Stop how) override {
    called("stop");
    switch (how) {
      case virt::Stop::poweroff:
        return set_active(find("poweroff", uuid), false);
      case virt::Stop::shutdown:
        return set_active(find("shutdown", uuid), false);
      case virt::Stop::reset:
        find("reset", uuid);
        return;
      case virt::Stop::reboot:
        find("reboot", uuid);
        return;
    }
  }

  void set_autostart(const std::string& uuid, bool on) override {
    called("set_autostart");
    find(on ? "autostart" : "no autostart", uuid).autostart = on;
  }

  void pause(const std::string& uuid) override {
    called("pause");
    set_state("pause", uuid, virt::DomainState::running, virt::DomainState::paused);
  }

  void resume(const std::string& uuid) override {
    called("resume");
    set_state("resume", uuid, virt::DomainState::paused, virt::DomainState::running);
  }

  void save(const std::string& uuid) override {
    called("save");
    auto& domain = find("save", uuid);
    set_active(domain, false);
    domain.saved = true;
  }

  std::vector<virt::ToldAddresses> addresses(const std::vector<std::string>& uuids) override {
    called("addresses");
    std::vector<virt::ToldAddresses> all;
    for (const auto& uuid : uuids) all.push_back(host_.addresses[name_of(uuid)]);
    return all;
  }

  std::vector<virt::AgentReply> ask_agents(const std::vector<virt::AgentCommand>& commands,
                                           std::chrono::seconds) override {
    called("ask_agents");
    std::vector<virt::AgentReply> replies;
    for (const auto& command : commands) {
      if (host_.agent) {
        replies.push_back(host_.agent(name_of(command.uuid), command.json));
      } else {
        replies.push_back({"", Error(Fault::io, "QEMU guest agent is not connected")});
      }
    }
    return replies;
  }

 private:
  std::string name_of(const std::string& uuid) const {
    for (const auto& domain : host_.domains) {
      if (domain.uuid == uuid) return domain.name;
    }
    return "";
  }

  void set_state(const std::string& verb, const std::string& uuid, virt::DomainState from,
                 virt::DomainState to) {
    auto& domain = find(verb, uuid);
    if (domain.state != from) throw Error(Fault::refused, "libvirt says: not in that state");
    domain.state = to;
  }

  FakeDomains::Host& called(const std::string& name) {
    ++host_.calls[name];
    return host_;
  }

  static std::string between(const std::string& text, const std::string& open,
                             const std::string& close) {
    const auto begin = text.find(open) + open.size();
    return text.substr(begin, text.find(close, begin) - begin);
  }

  virt::Domain& find(const std::string& verb, const std::string& uuid) {
    for (auto& domain : host_.domains) {
      if (domain.uuid != uuid) continue;
      host_.done.push_back(verb + " " + domain.name);
      return domain;
    }
    throw Error(Fault::not_found, "libvirt cannot find the VM with uuid '" + uuid + "'");
  }

  static void set_active(virt::Domain& domain, bool active) {
    if (domain.active == active) {
      throw Error(Fault::refused, "libvirt says: the VM is already so");
    }
    domain.active = active;
    domain.state = active ? virt::DomainState::running : virt::DomainState::shut_off;
  }

  FakeDomains::Host& host_;
};

}  // namespace

frontend::DomainsOpener FakeDomains::opener() {
  return [this](const ssh::Target& target, const ssh::Limits& limits) {
    const std::lock_guard lock(mutex_);
    asked_limits = limits;
    asked_target = target;
    auto& host = hosts[target.name];
    ++host.calls["open"];
    if (host.failure) throw Error(*host.failure);
    return std::make_unique<MemoryDomains>(host);
  };
}

}  // namespace cluster
