#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rolls/engine/document.h"

// How the words in a roll.yaml may be spelled.
namespace cluster::rolls {

inline constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view kLowerDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
inline constexpr std::string_view kLettersDigits =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Whether `text` starts with one of `first` and goes on with `letters` and `more`; 100 bytes at
/// the most.
bool spelled(std::string_view text, std::string_view first, std::string_view letters,
             std::string_view more);

/// Lower case letters, digits and '_'.
bool is_identifier(std::string_view text);

using Spelling = bool (*)(std::string_view);

/// A line that is spelled so; `want` is what the message shows. Throws Error(usage) with its place.
std::string word(const Item& item, std::string_view what, Spelling spelling,
                 const std::string& want);

/// A list of such words; none when there is no list. `what` names one of them.
std::vector<std::string> words(const std::optional<Item>& list, std::string_view what,
                               Spelling spelling, const std::string& want);

}  // namespace cluster::rolls
