#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// True for '0' to '9'.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// True for a letter of ASCII or a digit.
constexpr bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
}

/// The pieces of `text` between separators; views into it. "a::b" gives "a", "", "b"; "" gives "".
std::vector<std::string_view> split(std::string_view text, char separator);

/// Of a text that nobody keeps the pieces would have nothing left to view.
template <std::same_as<std::string> Text>
void split(Text&& text, char separator) = delete;

/// `text` without blanks, tabs and line ends on both sides; a view into it.
std::string_view trim(std::string_view text);

/// `text` with its ASCII letters in lower case.
std::string lower(std::string_view text);

/// `text` with its ASCII letters in upper case.
std::string upper(std::string_view text);

/// `text` with control characters as \xNN: it stays one line, and cannot control the operator's
/// terminal.
std::string printable(std::string_view text);

/// `text`, printable, in single quotes for a message; no more than the first 1,000 bytes of it.
std::string quote(std::string_view text);

/// True if `text` is UTF-8 (RFC 3629: no surrogates, no longer form than needed) without NUL.
bool is_utf8_text(std::string_view text);

/// `text` as one word of a POSIX shell: unchanged when that is safe, else in single quotes.
std::string shell_word(std::string_view text);

/// True if `c` is a control character of ASCII. Line ends and tabs are control characters.
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// True if `text` is a UUID as libvirt and the kernel print it, in lower case hex digits.
bool is_uuid(std::string_view text);

/// Reads a decimal number without sign, blanks or leading zeros ("0" is one). Returns nothing for
/// any other text, or when the number is too large.
std::optional<long long> parse_number(std::string_view text);

/// Orders "vm-container-0-2" before "vm-container-0-15": runs of digits compare as numbers.
bool natural_less(std::string_view left, std::string_view right);

/// The word of `known` that `text` most likely meant: the one with the fewest edits between them.
/// Returns nothing when no word is near.
std::optional<std::string> nearest(std::string_view text, const std::vector<std::string>& known);

/// " (did you mean 'NEAREST'?)", or "" when nothing in `known` is near.
std::string did_you_mean(std::string_view text, const std::vector<std::string>& known);

/// The words with `separator` between them: joined({"a", "b"}, ", ") is "a, b".
std::string joined(const std::vector<std::string>& words, std::string_view separator);

}  // namespace cluster
