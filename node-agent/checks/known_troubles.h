#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node-agent/checks/checks.h"

namespace cluster::agent {

/// Models with neighbouring device ids: 1002:67c0-67df.
struct ModelRange {
  std::uint16_t vendor = 0;
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

/// A trouble that others had with such a device. node-agent/known.yaml says what each key means.
struct KnownTrouble {
  std::string name;
  std::string check;
  std::vector<ModelRange> models;
  std::vector<std::uint16_t> classes;
  std::vector<std::string> drivers;
  std::string host;
  std::string reset;
  std::vector<std::string> no_reset;
  bool found = false;
  bool off = false;
  Verdict result = Verdict::warn;
  std::string what;
  std::string fix;
  std::string source;
};

/// The known troubles: those that gpupci carries in itself, and those of the host's own file, which
/// add to them or take their places.
class KnownTroubles {
 public:
  /// Reads both. A file that is not there adds nothing. Throws Error(usage) with FILE:LINE when a
  /// key is unknown, or an entry lacks one.
  explicit KnownTroubles(const std::filesystem::path& own);

  /// The answer of a check, with what is known of the card: a check that passed becomes what the
  /// entry says; one that found something gets the fix of an entry that knows better.
  CheckAnswer judge(std::string_view check, const Subject& subject, CheckAnswer answer) const;

  const std::vector<KnownTrouble>& all() const { return all_; }

 private:
  std::vector<KnownTrouble> all_;
};

/// The text that gpupci carries in itself: node-agent/known.yaml.
std::string_view known_text();

/// Reads the entries of a file of that form. Throws Error(usage) with FILE:LINE.
std::vector<KnownTrouble> parse_known(const std::string& file, const std::string& text);

}  // namespace cluster::agent
