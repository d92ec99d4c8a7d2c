#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace cluster {

/// The name of a host, physical or VM, by RFC 1123 and with '_': labels of 1 to 63 letters, digits,
/// hyphens and '_', with dots between them, 253 characters in all. It is kept as typed.
class HostName {
 public:
  /// Throws Error(usage) when `text` is no host name.
  explicit HostName(std::string_view text);

  const std::string& str() const { return text_; }

  auto operator<=>(const HostName&) const = default;

 private:
  std::string text_;
};

/// The name of a card on its host, "gpupci1", "gpupci2", ...; or plain "gpupci", which is a VM's
/// only card.
class GpuName {
 public:
  /// Throws Error(usage) when `text` is not "gpupci" alone or with a number from 1 to 99999.
  explicit GpuName(std::string_view text);

  const std::string& str() const { return text_; }

  /// 1 for "gpupci1"; 0 for the plain "gpupci".
  int number() const { return number_; }

  /// Cards are ordered by number, so "gpupci2" comes before "gpupci10".
  auto operator<=>(const GpuName& other) const { return number_ <=> other.number_; }
  bool operator==(const GpuName& other) const { return number_ == other.number_; }

 private:
  std::string text_;
  int number_ = 0;
};

/// The name by which an operator calls a card, "gpupci1", or one of its slices, "gpupci1.0".
struct SliceName {
  GpuName card;
  std::optional<int> slice{};  ///< the number of the virtual function; nothing for the card itself

  /// Throws Error(usage) when `text` is neither.
  static SliceName parse(std::string_view text);

  std::string str() const;
};

}  // namespace cluster
