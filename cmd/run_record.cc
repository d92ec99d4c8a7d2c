#include "cmd/run_record.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "core/folded_names.h"
#include "core/terminal_text.h"
#include "core/text.h"

namespace cluster::cmd {
namespace {

constexpr std::size_t kMostOfHost = 16U << 20U;
constexpr std::size_t kMostOfAll = 1U << 30U;

// One word for each End, which scripts may compare.
std::string_view word(ssh::End end) {
  switch (end) {
    case ssh::End::exited:
      return "exited";
    case ssh::End::signaled:
      return "signaled";
    case ssh::End::timed_out:
      return "timed_out";
    case ssh::End::lost:
      return "lost";
    case ssh::End::unreachable:
      return "unreachable";
    case ssh::End::host_key:
      return "host_key";
    case ssh::End::no_login:
      return "no_login";
    case ssh::End::interrupted:
      return "interrupted";
  }
  return "unknown";
}

// Text that ends with its last line.
std::string whole_lines(std::string_view text, bool on_terminal) {
  auto lines = on_terminal ? lines_for_terminal(text) : std::string(text);
  if (!lines.ends_with('\n')) lines += '\n';
  return lines;
}

}  // namespace

RunRecord::RunRecord(Output& output, const std::vector<ssh::Target>& targets, bool stats)
    : RunSink(output, targets, stats), heard_(targets.size()) {}

void RunRecord::out(std::size_t target, std::string_view bytes) {
  keep(heard_[target], heard_[target].out, bytes);
}

void RunRecord::err(std::size_t target, std::string_view bytes) {
  keep(heard_[target], heard_[target].err, bytes);
}

void RunRecord::keep(Heard& heard, std::string& text, std::string_view bytes) {
  const auto room =
      std::min(kMostOfHost - (heard.out.size() + heard.err.size()), kMostOfAll - kept_);
  heard.was_cut = heard.was_cut || bytes.size() > room;
  bytes = bytes.substr(0, room);
  kept_ += bytes.size();
  text += bytes;
}

void RunRecord::note_cuts() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < heard_.size(); ++i) {
    if (heard_[i].was_cut) names.push_back(name(i));
  }
  if (names.empty()) return;
  output().note(
      counted_names(names) +
      ": not all was kept, but 16 MiB of a host and 1 GiB of all at the most (output-dir=DIR "
      "keeps all)");
}

void FoldedRun::summarize(const std::vector<ssh::Reply>& replies) {
  constexpr std::string_view kRule = "---------------\n";
  using Key = std::tuple<std::string_view, std::string_view, std::string>;
  std::map<Key, std::vector<std::string>> groups;
  std::vector<Key> order;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const Key key{heard(i).out, heard(i).err, failed(replies[i]) ? outcome(replies[i]) : ""};
    auto& names = groups[key];
    if (names.empty()) order.push_back(key);
    names.push_back(name(i));
  }
  for (const auto& key : order) {
    const auto& [out, err, how] = key;
    const auto who = counted_names(groups[key]);
    if (!out.empty()) {
      output().out() << kRule << who << '\n'
                     << kRule << whole_lines(out, output().terminals().out) << std::flush;
    }
    for (const auto line : split(trim(err), '\n')) {
      if (err.empty()) break;
      output().err() << who << ": "
                     << (output().terminals().err ? for_terminal(line) : std::string(line)) << '\n';
    }
    if (!how.empty() && (replies.size() > 1 || replies[0].end != ssh::End::exited)) {
      output().note(who + ": " + how);
    }
  }
  note_cuts();
  RunSink::summarize(replies);
}

void JsonRun::summarize(const std::vector<ssh::Reply>& replies) {
  using nlohmann::ordered_json;
  auto& stream = output().out();
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const auto& reply = replies[i];
    ordered_json object;
    object["host"] = name(i);
    object["outcome"] = word(reply.end);
    object["status"] = nullptr;
    if (reply.end == ssh::End::exited) object["status"] = reply.status;
    object["reason"] = nullptr;
    if (!reply.reason.empty()) object["reason"] = reply.reason;
    object["stdout"] = heard(i).out;
    object["stderr"] = heard(i).err;
    object["seconds"] = static_cast<double>(reply.elapsed.count()) / 1000;
    object["tries"] = reply.tries;
    // Bytes that are no UTF-8 become U+FFFD.
    const auto text =
        json_for_terminal(object.dump(2, ' ', false, ordered_json::error_handler_t::replace));
    stream << (i == 0 ? "[\n" : ",\n");
    for (const auto line : split(text, '\n')) {
      stream << "  " << line << (line == "}" ? "" : "\n");
    }
  }
  stream << "\n]\n" << std::flush;
  note_cuts();
  RunSink::summarize(replies);
}

}  // namespace cluster::cmd
