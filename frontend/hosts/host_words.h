#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "db/host.h"
#include "frontend/hosts/group_files.h"

namespace cluster::frontend {

/// What words may ask about hosts besides their names. It is only asked for what the words need.
class HostFacts {
 public:
  virtual ~HostFacts() = default;

  /// The values of an attribute, by the name of each host that has it.
  virtual std::map<std::string, std::string> values(const std::string& attribute) = 0;

  virtual std::vector<std::string> attribute_names() = 0;  ///< of all attributes, sorted

  virtual std::set<std::string> with_free_card() = 0;
  virtual std::set<std::string> with_failing_card() = 0;  ///< or that fail as a whole

  /// The models of the cards of each host.
  virtual std::multimap<std::string, std::string> card_models() = 0;

  /// True: it is no mistake if the words, or `free` and `failing` among them, mean nobody.
  virtual bool may_mean_nobody() const { return false; }
};

/// Reads the words that select hosts: docs/selecting.md is their grammar.
class HostWords {
 public:
  /// Words that ask for what is no name are refused without `facts`, which must outlive this.
  HostWords(std::vector<HostGroups> hosts, HostFacts* facts);

  using Hosts = std::vector<bool>;  ///< by the place of a host in what the constructor was given

  /// The hosts that `words` mean; no words, and words that only leave hosts out, begin with
  /// `otherwise`. Throws as select_hosts() does.
  Hosts chosen(const std::vector<std::string>& words, const Hosts& otherwise);

  /// True if the last words were names and ranges of names only, so that whoever wrote them knows
  /// which hosts they mean.
  bool spelled_out() const { return spelled_out_; }

  const std::vector<HostGroups>& hosts() const { return hosts_; }

 private:
  // The words of a file or a group name no files, and groups lead to groups only so far.
  struct Depth {
    bool in_file = false;
    int groups = 0;
  };

  Hosts chosen(const std::vector<std::string>& words, const Hosts& otherwise, Depth depth);
  // These add to `all` the hosts that `word` means.
  void add_expression(std::string_view word, Depth depth, Hosts& all);
  void add_item(std::string_view word, Depth depth, Hosts& all);
  static void add_all(const Hosts& found, Hosts& all);
  Hosts one(const std::string& word);
  Hosts from_text(const std::string& text, const std::string& what);
  Hosts group(const std::string& name, Depth depth);
  Hosts condition(const std::string& name, const std::string& values);
  Hosts named(const std::set<std::string>& names) const;
  HostFacts& facts(std::string_view word);

  template <typename Wanted>
  Hosts those(Wanted wanted) const;

  std::vector<HostGroups> hosts_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
  HostFacts* facts_;
  std::optional<Groups> groups_;
  bool spelled_out_ = true;
};

/// The groups in a value of the attribute `groups`: "gpu, big" and "gpu big" are two.
std::vector<std::string> listed_groups(const std::string& value);

/// True if `name` would be read as something else than a host: "rackN", "all", "free", "failing".
bool is_selecting_word(std::string_view name);

}  // namespace cluster::frontend
