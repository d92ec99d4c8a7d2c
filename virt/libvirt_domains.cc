#include "virt/libvirt_domains.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <pugixml.hpp>
#include <set>
#include <utility>

#include "core/at_once.h"
#include "core/error.h"
#include "core/text.h"
#include "virt/document_bounds.h"
#include "virt/domain_merge.h"
#include "virt/libvirt_guests.h"
#include "virt/libvirt_handles.h"
#include "virt/running_domains.h"
#include "virt/undefine_refusal.h"

namespace cluster::virt {
namespace {

constexpr auto kNoId = static_cast<unsigned>(-1);  // the id of a domain that is not active
constexpr unsigned kInactive = VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE;
constexpr const char* kStateParameter = "state.state";  // a name in virConnectGetAllDomainStats()

// What a VM has beside its document is never deleted untold. A driver refuses flags that it does
// not know, so fewer flags are tried next: libvirt before 8.9 cannot keep a TPM's state, which is
// told before it is lost, and a driver without UEFI has no NVRAM.
constexpr std::array kUndefine{
    unsigned{VIR_DOMAIN_UNDEFINE_KEEP_NVRAM} | VIR_DOMAIN_UNDEFINE_KEEP_TPM,
    unsigned{VIR_DOMAIN_UNDEFINE_KEEP_NVRAM},
    0U,
};

DomainState state_of(int state) {
  switch (state) {
    case VIR_DOMAIN_PAUSED:
      return DomainState::paused;
    case VIR_DOMAIN_SHUTDOWN:
      return DomainState::shutting_down;
    case VIR_DOMAIN_SHUTOFF:
      return DomainState::shut_off;
    case VIR_DOMAIN_CRASHED:
      return DomainState::crashed;
    case VIR_DOMAIN_PMSUSPENDED:
      return DomainState::suspended;
    case VIR_DOMAIN_NOSTATE:
      return DomainState::none;
    default:  // running, or blocked, which QEMU never is
      return DomainState::running;
  }
}

class LibvirtDomains : public Domains {
 public:
  explicit LibvirtDomains(const std::string& uri) : handles_(uri) {}

  std::vector<Domain> list() override;
  std::vector<VmDevice> devices_in_use() override;
  std::vector<std::string> running_documents(const std::vector<std::string>& uuids) override;
  unsigned long version() override;
  DomainCapabilities capabilities(const DomainMachine& machine) override;
  std::string define(const std::string& xml, Validation check) override;
  void undefine(const std::string& uuid) override;
  void start(const std::string& uuid) override;
  void stop(const std::string& uuid, Stop how) override;
  void set_autostart(const std::string& uuid, bool on) override;
  void pause(const std::string& uuid) override;
  void resume(const std::string& uuid) override;
  void save(const std::string& uuid) override;
  std::vector<ToldAddresses> addresses(const std::vector<std::string>& uuids) override {
    return addresses_of(handles_, uuids);
  }
  std::vector<AgentReply> ask_agents(const std::vector<AgentCommand>& commands,
                                     std::chrono::seconds patience) override {
    return virt::ask_agents(handles_, commands, patience);
  }

 private:
  std::map<std::string, DomainState> states() const;
  void refuse_to_lose_tpm(const LibvirtHandles::Named& vm) const;
  void say_who_is_in_the_way(const std::string& xml) const;

  LibvirtHandles handles_;
  const Libvirt& libvirt_ = handles_.libvirt();
};

// Asks with one call that waits for no guest and no lock. virDomainGetState() would be one call for
// each domain.
std::map<std::string, DomainState> LibvirtDomains::states() const {
  virDomainStatsRecordPtr* records = nullptr;
  const int count =
      libvirt_.connect_get_all_domain_stats(handles_.connection(), VIR_DOMAIN_STATS_STATE, &records,
                                            VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
  if (count < 0) throw handles_.failure("ask for the state of the VMs");
  std::map<std::string, DomainState> all;
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k < records[i]->nparams; ++k) {
      const auto& parameter = records[i]->params[k];
      if (parameter.field != std::string_view(kStateParameter)) continue;
      all[handles_.uuid_of(records[i]->dom)] = state_of(parameter.value.i);
    }
  }
  libvirt_.domain_stats_record_list_free(records);
  return all;
}

std::vector<Domain> LibvirtDomains::list() {
  std::vector<LibvirtHandles::Handle> domains;
  std::map<std::string, DomainState> state;
  std::set<std::string> autostart;
  std::set<std::string> persistent;
  std::set<std::string> saved;
  const std::vector<std::function<void()>> questions{
      [&] { domains = handles_.all(0); },
      [&] { state = states(); },
      [&] { autostart = handles_.uuids(VIR_CONNECT_LIST_DOMAINS_AUTOSTART); },
      [&] { persistent = handles_.uuids(VIR_CONNECT_LIST_DOMAINS_PERSISTENT); },
      [&] { saved = handles_.uuids(VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE); },
  };
  at_once(questions.size(), LibvirtHandles::kMostThreads, [&](std::size_t i) { questions[i](); });

  std::vector<std::optional<Domain>> found(domains.size());
  at_once(domains.size(), LibvirtHandles::kMostThreads, [&](std::size_t i) {
    auto* domain = domains[i].get();
    auto xml = handles_.xml_of(domain, kInactive);
    const auto uuid = handles_.uuid_of(domain);
    const auto known = state.find(uuid);
    if (!xml || known == state.end()) return;
    found[i] = Domain{libvirt_.domain_get_name(domain),
                      uuid,
                      known->second,
                      libvirt_.domain_get_id(domain) != kNoId,
                      autostart.contains(uuid),
                      persistent.contains(uuid),
                      std::move(*xml),
                      saved.contains(uuid)};
  });

  std::vector<Domain> all;
  for (auto& domain : found) {
    if (domain) all.push_back(std::move(*domain));
  }
  std::ranges::sort(all, natural_less, &Domain::name);
  return all;
}

std::vector<VmDevice> LibvirtDomains::devices_in_use() {
  const auto domains = handles_.all(VIR_CONNECT_LIST_DOMAINS_ACTIVE);
  std::vector<std::vector<std::string>> devices(domains.size());
  at_once(domains.size(), LibvirtHandles::kMostThreads, [&](std::size_t i) {
    if (const auto xml = handles_.xml_of(domains[i].get(), 0)) devices[i] = host_devices(*xml);
  });
  std::vector<VmDevice> all;
  for (std::size_t i = 0; i < domains.size(); ++i) {
    for (auto& device : devices[i]) {
      all.push_back({libvirt_.domain_get_name(domains[i].get()), std::move(device)});
    }
  }
  return all;
}

std::vector<std::string> LibvirtDomains::running_documents(const std::vector<std::string>& uuids) {
  const auto domains = handles_.all(VIR_CONNECT_LIST_DOMAINS_ACTIVE);
  std::vector<std::string> documents(uuids.size());
  at_once(domains.size(), LibvirtHandles::kMostThreads, [&](std::size_t i) {
    const auto at = std::ranges::find(uuids, handles_.uuid_of(domains[i].get()));
    if (at == uuids.end()) return;
    documents[static_cast<std::size_t>(at - uuids.begin())] =
        handles_.xml_of(domains[i].get(), 0).value_or("");
  });
  return documents;
}

unsigned long LibvirtDomains::version() {
  unsigned long version = 0;
  if (libvirt_.connect_get_lib_version(handles_.connection(), &version) != 0) {
    throw handles_.failure("tell its version");
  }
  return version;
}

DomainCapabilities LibvirtDomains::capabilities(const DomainMachine& machine) {
  const auto or_default = [](const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
  };
  const std::unique_ptr<char, decltype(&std::free)> answer(
      libvirt_.connect_get_domain_capabilities(
          handles_.connection(), or_default(machine.emulator), or_default(machine.arch),
          or_default(machine.machine), or_default(machine.type), 0),
      &std::free);
  if (answer) return DomainCapabilities::of_libvirt(within_bounds(answer.get()));
  const bool unknown = libvirt_.function_is_missing();
  const auto why = handles_.failure("take a domain of " + quote(machine.text()));
  throw Error(unknown || why.fault() == Fault::unreachable ? why.fault() : Fault::refused,
              why.what());
}

std::string LibvirtDomains::define(const std::string& xml, Validation check) {
  const unsigned flags = check == Validation::schema ? VIR_DOMAIN_DEFINE_VALIDATE : 0;
  const auto domain =
      handles_.own(libvirt_.domain_define_xml_flags(handles_.connection(), xml.c_str(), flags));
  if (domain) {
    if (auto read = handles_.xml_of(domain.get(), kInactive)) return *read;
    throw Error(Fault::io, "the VM was removed from the host right after it was defined");
  }
  const auto why = handles_.failure("define the VM");
  say_who_is_in_the_way(xml);
  throw why;
}

// libvirt binds a name to a UUID, and has one error code for everything that fails here.
void LibvirtDomains::say_who_is_in_the_way(const std::string& xml) const {
  pugi::xml_document document;
  document.load_string(xml.c_str());
  const std::string name = document.child("domain").child_value("name");
  const std::string uuid = document.child("domain").child_value("uuid");
  const auto by_name =
      handles_.own(libvirt_.domain_lookup_by_name(handles_.connection(), name.c_str()));
  if (by_name && handles_.uuid_of(by_name.get()) != uuid) {
    throw Error(Fault::exists,
                "the host has another VM " + quote(name) + ", with uuid " +
                    handles_.uuid_of(by_name.get()) + " instead of " + uuid +
                    ": take the one there into the inventory (cluster add host vm ... "
                    "from=libvirt), or remove it (virsh undefine)");
  }
  const auto by_uuid = handles_.find(uuid);
  if (by_uuid && libvirt_.domain_get_name(by_uuid.get()) != name) {
    throw Error(Fault::exists, "the host has the VM with uuid " + uuid + " under the name " +
                                   quote(libvirt_.domain_get_name(by_uuid.get())) + " instead of " +
                                   quote(name) + ": rename it there (virsh domrename)");
  }
}

void LibvirtDomains::refuse_to_lose_tpm(const LibvirtHandles::Named& vm) const {
  const auto xml = handles_.xml_of(vm.domain.get(), VIR_DOMAIN_XML_INACTIVE);
  const auto state = xml ? tpm_state(*xml) : std::nullopt;
  if (!state) return;
  throw Error(Fault::refused,
              "libvirt there is older than 8.9 and would delete the TPM's state of " +
                  quote(vm.name) + " with it: copy " + *state + ", then virsh undefine");
}

void LibvirtDomains::undefine(const std::string& uuid) {
  const auto vm = handles_.look_up(uuid);
  for (const unsigned flags : kUndefine) {
    if (libvirt_.domain_undefine_flags(vm.domain.get(), flags) == 0) return;
    if (!libvirt_.argument_is_refused()) break;
    if ((flags & VIR_DOMAIN_UNDEFINE_KEEP_TPM) != 0) refuse_to_lose_tpm(vm);
  }
  const auto refusal = handles_.failure("undefine VM " + quote(vm.name));
  const auto xml = handles_.xml_of(vm.domain.get(), VIR_DOMAIN_XML_INACTIVE);
  if (!xml) throw refusal;
  const auto kept = kept_by(vm.domain.get(), vm.name, uuid, undefine_words(*xml, vm.name));
  throw kept ? Error(Fault::refused, *kept) : refusal;
}

void LibvirtDomains::start(const std::string& uuid) {
  const auto vm = handles_.look_up(uuid);
  if (libvirt_.domain_create(vm.domain.get()) == 0) return;
  const auto why = handles_.failure("start VM " + quote(vm.name));
  throw Error(why.fault(), std::string(why.what()) + failed_start_cause(why.what()));
}

void LibvirtDomains::stop(const std::string& uuid, Stop how) {
  const auto vm = handles_.look_up(uuid);
  switch (how) {
    case Stop::poweroff:
      return handles_.must(libvirt_.domain_destroy(vm.domain.get()), "power off", vm);
    case Stop::shutdown:
      return handles_.must(libvirt_.domain_shutdown(vm.domain.get()), "shut down", vm);
    case Stop::reset:
      return handles_.must(libvirt_.domain_reset(vm.domain.get(), 0), "reset", vm);
    case Stop::reboot:
      return handles_.must(libvirt_.domain_reboot(vm.domain.get(), 0), "reboot", vm);
  }
}

void LibvirtDomains::set_autostart(const std::string& uuid, bool on) {
  const auto vm = handles_.look_up(uuid);
  handles_.must(libvirt_.domain_set_autostart(vm.domain.get(), on ? 1 : 0), "set autostart of", vm);
}

void LibvirtDomains::pause(const std::string& uuid) {
  const auto vm = handles_.look_up(uuid);
  handles_.must(libvirt_.domain_suspend(vm.domain.get()), "pause", vm);
}

void LibvirtDomains::resume(const std::string& uuid) {
  const auto vm = handles_.look_up(uuid);
  handles_.must(libvirt_.domain_resume(vm.domain.get()), "resume", vm);
}

void LibvirtDomains::save(const std::string& uuid) {
  const auto vm = handles_.look_up(uuid);
  handles_.must(libvirt_.domain_managed_save(vm.domain.get(), 0), "save", vm);
}

}  // namespace

std::unique_ptr<Domains> open_domains(const std::string& uri) {
  return std::make_unique<LibvirtDomains>(uri);
}

std::string uri_of_socket(const std::string& path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string uri = "qemu+unix:///system?socket=";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain =
        std::isalnum(byte) != 0 || std::string_view("/-._").find(c) != std::string_view::npos;
    if (is_plain) {
      uri += c;
    } else {
      uri += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return uri;
}

std::string failed_start_cause(std::string_view failure) {
  if (failure.find("set iommu for container: Operation not permitted") == std::string_view::npos) {
    return "";
  }
  return "; the host remaps no interrupts (gpupci --check: H4), or its firmware keeps memory (H6)";
}

}  // namespace cluster::virt
