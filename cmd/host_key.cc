#include <algorithm>
#include <array>

#include "cmd/commands.h"
#include "cmd/consent.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "cmd/login_keys.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "core/utc_time.h"
#include "frontend/hosts/aside.h"
#include "frontend/hosts/guest_address.h"
#include "frontend/hosts/host_selection.h"
#include "ssh/public_key.h"

namespace cluster::cmd {
namespace host_key {
namespace {

struct AddKeyArgs {
  std::string host;
  std::string type;
  std::string key;
  std::string learned;
};

int run_add(Context& context, const AddKeyArgs& args) {
  if (!ssh::is_public_key(args.type, args.key)) {
    throw Error(Fault::usage, quote(args.key) + " is no " + args.type +
                                  " key: want the type and the key of a line of known_hosts");
  }
  auto& inventory = context.inventory();
  const auto host = frontend::find_host(inventory, args.host).name;
  inventory.add_host_keys(
      {{host, args.type, args.key, args.learned.empty() ? utc_now() : args.learned}});
  return 0;
}

Action declare_add(Options& options) {
  auto args = std::make_shared<AddKeyArgs>();
  options.argument("HOST", args->host, "whose key").required();
  options.argument("TYPE", args->type, "ssh-ed25519, ecdsa-sha2-nistp256, ssh-rsa, ...")
      .or_key("type")
      .required();
  options.argument("KEY", args->key, "the key in base64, as known_hosts has it")
      .or_key("key")
      .required();
  options.key("learned", args->learned, "when it was learned [now]");
  return [args](Context& context) { return run_add(context, *args); };
}

struct KeyHostsArgs {
  std::vector<std::string> hosts;
};

std::vector<HostPublicKey> keys_of(Context& context, const KeyHostsArgs& args) {
  std::vector<HostPublicKey> keys;
  for (const auto& host : frontend::select_hosts(context.inventory(), args.hosts)) {
    keys.insert(keys.end(), host.keys.begin(), host.keys.end());
  }
  return keys;
}

int run_list(Context& context, const KeyHostsArgs& args) {
  Table table{{"host", "type", "fingerprint", "learned"}, {}};
  for (const auto& key : keys_of(context, args)) {
    table.rows.push_back({key.host.str(), key.type, ssh::fingerprint_of(key.base64), key.learned});
  }
  context.output.table(table);
  return 0;
}

Action declare_list(Options& options) {
  auto args = std::make_shared<KeyHostsArgs>();
  options.argument("HOST", args->hosts, "hosts, appliances, racks, patterns [all]");
  return [args](Context& context) { return run_list(context, *args); };
}

int run_dump(Context& context, const KeyHostsArgs& args) {
  for (const auto& key : keys_of(context, args)) {
    context.output.line("cluster add host key " + key.host.str() + " " + key.type + " " +
                        key.base64 + " " + shell_word("learned=" + key.learned));
  }
  return 0;
}

Action declare_dump(Options& options) {
  auto args = std::make_shared<KeyHostsArgs>();
  options.argument("HOST", args->hosts, "hosts, appliances, racks, patterns [all]");
  return [args](Context& context) { return run_dump(context, *args); };
}

struct RemoveKeyArgs {
  std::vector<std::string> hosts;
  Consent consent;
};

int run_remove(Context& context, const RemoveKeyArgs& args) {
  auto& inventory = context.inventory();
  std::vector<HostName> names;
  std::vector<std::string> texts;
  for (const auto& host : frontend::select_hosts(inventory, args.hosts)) {
    names.push_back(host.name);
    texts.push_back(host.name.str());
  }
  require_consent(context, args.consent, "remove host key", {"hosts", args.hosts, texts});
  inventory.remove_host_keys(names);
  say_how_many(context, "forgot the keys of", names.size(), "hosts");
  return 0;
}

Action declare_remove(Options& options) {
  auto args = std::make_shared<RemoveKeyArgs>();
  options.argument("HOST", args->hosts, "whose keys are forgotten").required();
  args->consent.declare(options);
  return [args](Context& context) { return run_remove(context, *args); };
}

// Nothing is run, so nothing is printed.
class NoOutput : public ssh::Sink {
 public:
  void out(std::size_t, std::string_view) override {}
  void err(std::size_t, std::string_view) override {}
  void ended(std::size_t, const ssh::Reply&) override {}
};

struct SyncKeyArgs {
  std::vector<std::string> hosts;
  LoginKeys login;
  std::string dryrun = "no";
};

bool is_known(const Host& host, const ssh::PublicKey& key) {
  return std::ranges::any_of(host.keys, [&](const HostPublicKey& known) {
    return known.type == key.type && known.base64 == key.base64;
  });
}

int run_sync(Context& context, const SyncKeyArgs& args) {
  const auto limits = args.login.limits();
  const bool only_tells = parse_yes_no("dryrun", args.dryrun);
  if (!only_tells) frontend::require_writable(context.inventory());
  const auto hosts = frontend::select_managed(context.inventory(), args.hosts);
  if (hosts.empty()) throw Error(Fault::not_found, "sync host key: no hosts");
  auto targets = frontend::targets_of(context, hosts, limits);
  for (auto& target : targets) target.shows_key = true;
  context.output.set_only_answers(true);  // a key that nobody saw is not learned
  NoOutput nothing;
  const auto replies = context.transport.run(targets, "true", limits, nothing);
  std::vector<HostPublicKey> learned;
  std::vector<std::string> lines;
  FoldedNotes failures;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto& reply = replies[i];
    const auto& name = hosts[i].name.str();
    if (reply.end != ssh::End::exited || reply.key.base64.empty()) {
      const auto fault = reply.end == ssh::End::host_key ? Fault::refused : Fault::unreachable;
      failures.add(name, Error(fault, reply.reason));
    } else if (!is_known(hosts[i], reply.key)) {
      learned.push_back({hosts[i].name, reply.key.type, reply.key.base64, utc_now()});
      lines.push_back(name + ": " + (only_tells ? "would learn " : "learned ") + reply.key.type +
                      " " + ssh::fingerprint_of(reply.key.base64));
    }
  }
  if (!only_tells && !learned.empty()) context.inventory().add_host_keys(learned);
  for (const auto& line : lines) context.output.line(line);
  failures.print(context.output);
  return failures.status();
}

Action declare_sync(Options& options) {
  auto args = std::make_shared<SyncKeyArgs>();
  options.argument("HOST", args->hosts, "hosts, appliances, racks, patterns [the managed ones]");
  args->login.declare(options);
  options.key("dryrun", args->dryrun, "yes: show the keys, learn none [no]");
  return [args](Context& context) { return run_sync(context, *args); };
}

constexpr std::array kCommands{
    Command{"add host key", "record the public key of a host's sshd", kKeepInventory, declare_add},
    Command{"dump host key", "print the commands that add the keys again", kKeepInventory,
            declare_dump},
    Command{"list host key", "show the keys by which hosts are known", kPrepareHosts, declare_list,
            Answer::table},
    Command{"remove host key", "forget the keys of hosts", kPrepareHosts, declare_remove},
    Command{"sync host key", "learn the keys of hosts", kPrepareHosts, declare_sync},
};

}  // namespace
}  // namespace host_key

std::span<const Command> host_key_commands() { return host_key::kCommands; }

}  // namespace cluster::cmd
