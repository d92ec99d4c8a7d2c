#include "frontend/hosts/remote_domains.h"

#include "core/error.h"
#include "core/text.h"
#include "core/without_sigpipe.h"
#include "frontend/hosts/sudo.h"
#include "ssh/tunnel.h"
#include "virt/libvirt_domains.h"

namespace cluster::frontend {
namespace {

// This is libvirt's own way in since 6.8: it finds the daemon's socket, and needs no nc. It is one
// program without a shell's syntax, so any login shell and a forced command accept it.
constexpr const char* kHelper = "virt-ssh-helper qemu:///system";

// libvirt's answer to our good bye is waited for so long.
constexpr auto kFarewell = std::chrono::seconds(2);

// The host's time passes while this lives.
class Waiting {
 public:
  explicit Waiting(ssh::Allowance& allowance) : allowance_(allowance) { allowance_.resume(); }
  ~Waiting() { allowance_.pause(); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  ssh::Allowance& allowance_;
};

std::string helper_of(const ssh::Target& target) {
  return (target.sudo ? "sudo -n " : "") + std::string(kHelper);
}

// When the connection is to blame, the words of ssh say more than those of libvirt. Those of sudo
// say what is missing.
[[noreturn]] void throw_cause(ssh::Tunnel& tunnel, const ssh::Target& target, const Error& error) {
  const auto reply = tunnel.end();
  if (reply.reason.empty()) throw error;
  const auto at = reply.reason.find(": 'sudo: ");
  if (target.sudo && reply.end == ssh::End::exited && at != std::string::npos) {
    auto said = reply.reason.substr(at + 3);
    said.pop_back();  // it ends with the quote
    const auto refused = sudo_refusal(target.user, said, "ALL");
    if (!refused.empty()) throw Error(Fault::io, refused);
  }
  throw Error(reply.end == ssh::End::exited ? Fault::io : Fault::unreachable, reply.reason);
}

class RemoteDomains : public virt::Domains {
 public:
  RemoteDomains(const ssh::Target& target, const ssh::Limits& limits, ssh::Doorway& doorway)
      : target_(target),
        tunnel_(target, helper_of(target), limits, ssh::Operator::current(), doorway) {
    const WithoutSigpipe without_sigpipe;
    try {
      domains_ = virt::open_domains(virt::uri_of_socket(tunnel_.socket()));
    } catch (const Error& error) {
      throw_cause(tunnel_, target_, error);
    }
    tunnel_.allowance().pause();
  }

  ~RemoteDomains() override {
    const WithoutSigpipe without_sigpipe;
    tunnel_.allowance().resume(kFarewell);
    domains_.reset();
  }

  std::vector<virt::Domain> list() override {
    return through_tunnel([&] { return domains_->list(); });
  }
  std::vector<virt::VmDevice> devices_in_use() override {
    return through_tunnel([&] { return domains_->devices_in_use(); });
  }
  std::vector<std::string> running_documents(const std::vector<std::string>& uuids) override {
    return through_tunnel([&] { return domains_->running_documents(uuids); });
  }
  unsigned long version() override {
    return through_tunnel([&] { return domains_->version(); });
  }
  virt::DomainCapabilities capabilities(const virt::DomainMachine& machine) override {
    return through_tunnel([&] { return domains_->capabilities(machine); });
  }
  std::string define(const std::string& xml, virt::Validation check) override {
    return through_tunnel([&] { return domains_->define(xml, check); });
  }
  void undefine(const std::string& uuid) override {
    through_tunnel([&] { domains_->undefine(uuid); });
  }
  void start(const std::string& uuid) override {
    through_tunnel([&] { domains_->start(uuid); });
  }
  void stop(const std::string& uuid, virt::Stop how) override {
    through_tunnel([&] { domains_->stop(uuid, how); });
  }
  void set_autostart(const std::string& uuid, bool on) override {
    through_tunnel([&] { domains_->set_autostart(uuid, on); });
  }
  void pause(const std::string& uuid) override {
    through_tunnel([&] { domains_->pause(uuid); });
  }
  void resume(const std::string& uuid) override {
    through_tunnel([&] { domains_->resume(uuid); });
  }
  void save(const std::string& uuid) override {
    through_tunnel([&] { domains_->save(uuid); });
  }
  std::vector<virt::ToldAddresses> addresses(const std::vector<std::string>& uuids) override {
    return through_tunnel([&] { return domains_->addresses(uuids); });
  }
  std::vector<virt::AgentReply> ask_agents(const std::vector<virt::AgentCommand>& commands,
                                           std::chrono::seconds patience) override {
    return through_tunnel([&] { return domains_->ask_agents(commands, patience); });
  }

 private:
  template <typename Call>
  auto through_tunnel(Call call) -> decltype(call()) {
    const WithoutSigpipe without_sigpipe;
    const Waiting waiting(tunnel_.allowance());
    try {
      return call();
    } catch (const Error& error) {
      if (error.fault() != Fault::unreachable) throw;
      throw_cause(tunnel_, target_, error);
    }
  }

  ssh::Target target_;
  ssh::Tunnel tunnel_;  // outlives the connection that goes through it
  std::unique_ptr<virt::Domains> domains_;
};

}  // namespace

std::unique_ptr<virt::Domains> open_remote_domains(const ssh::Target& target,
                                                   const ssh::Limits& limits,
                                                   ssh::Doorway& doorway) {
  return std::make_unique<RemoteDomains>(target, limits, doorway);
}

}  // namespace cluster::frontend
