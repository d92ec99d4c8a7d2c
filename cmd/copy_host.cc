#include <array>

#include "cmd/commands.h"
#include "cmd/context.h"
#include "cmd/failures.h"
#include "cmd/line/command.h"
#include "core/error.h"
#include "core/keys.h"
#include "core/text.h"
#include "frontend/hosts/delivery.h"
#include "frontend/hosts/host_selection.h"

namespace cluster::cmd {
namespace copy_host {
namespace {

struct Args {
  std::vector<std::string> words;
  std::string timeout = "300";
};

// Splits "HOST:PATH". A range may have no colon, and neither may a name, so the first one divides.
std::pair<std::string, std::string> host_and_path(const std::string& word) {
  const auto colon = word.find(':');
  if (colon == std::string::npos || colon == 0) {
    throw Error(Fault::usage, "copy host: want HOST:PATH as the last word, not " + quote(word));
  }
  return {word.substr(0, colon), word.substr(colon + 1)};
}

// "~/x" is where "x" is: no shell there reads the path, and it begins in the home of the login.
std::string from_home(const std::string& path) {
  if (!path.starts_with('~')) return path;
  if (path != "~" && !path.starts_with("~/")) {
    throw Error(
        Fault::usage,
        "copy host: want a PATH from / or from ~/, the home of the login, not " + quote(path));
  }
  const auto begin = path.find_first_not_of('/', 1);
  return begin == std::string::npos ? "" : path.substr(begin);
}

int run(Context& context, const Args& args) {
  auto files = args.words;
  const auto [host, named_path] = host_and_path(files.back());
  const auto path = from_home(named_path);
  files.pop_back();
  if (files.empty()) throw Error(Fault::usage, "copy host: want FILE... before HOST:PATH");
  const auto limits = frontend::limits_of(args.timeout);
  std::vector<frontend::DeliveredFile> read;
  // Several files can only go into a folder, so its name must end as that of a folder.
  const bool is_folder = files.size() > 1 && !path.empty() && !path.ends_with('/');
  for (const auto& file : files) {
    read.push_back(frontend::read_for_delivery(file, path + (is_folder ? "/" : "")));
  }
  const auto hosts = frontend::select_hosts(context.inventory(), {host});
  const frontend::Delivery delivery(read);
  read = {};

  Table table{{"host", "file", "outcome"}, {}};
  FoldedNotes failures;
  for (const auto& answer :
       frontend::ask_hosts(context, hosts, std::vector(hosts.size(), delivery.command()), limits,
                           std::vector(hosts.size(), delivery.input()))) {
    const auto& name = answer.host.name.str();
    try {
      const auto are_new = frontend::delivered(answer, files.size());
      for (std::size_t i = 0; i < files.size(); ++i) {
        table.rows.push_back({name, files[i], std::string(are_new[i] ? "copied" : "unchanged")});
      }
    } catch (const Error& error) {
      failures.add(name, error);
    }
  }
  failures.print(context.output);
  print_folded(context.output, table);
  return failures.status();
}

Action declare_copy(Options& options) {
  auto args = std::make_shared<Args>();
  options
      .argument("FILE... HOST:PATH", args->words, "the files, and where they go as the last word")
      .required();
  options.key("timeout", args->timeout, "seconds that a host may take [300]");
  return [args](Context& context) { return run(context, *args); };
}

constexpr std::array kCommands{
    Command{"copy host", "copy files to hosts over SSH", kPrepareHosts, declare_copy,
            Answer::table},
};

}  // namespace
}  // namespace copy_host

std::span<const Command> copy_host_commands() { return copy_host::kCommands; }

}  // namespace cluster::cmd
