#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rolls/engine/document.h"

// These are the rules for the spelling of words in a roll.yaml.
namespace cluster::rolls {

inline constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view kLowerDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
inline constexpr std::string_view kLettersDigits =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// True if `text` starts with one of `first`, goes on with `letters` and `more`, and has 100 bytes
/// at the most.
bool spelled(std::string_view text, std::string_view first, std::string_view letters,
             std::string_view more);

/// True if `text` has only lower case letters, digits and '_'.
bool is_identifier(std::string_view text);

using Spelling = bool (*)(std::string_view);

/// A line with this spelling; the message shows `want`. Throws Error(usage) with its place.
std::string word(const Item& item, std::string_view what, Spelling spelling,
                 const std::string& want);

/// A list of such words; empty when there is no list. `what` is the name of one word.
std::vector<std::string> words(const std::optional<Item>& list, std::string_view what,
                               Spelling spelling, const std::string& want);

}  // namespace cluster::rolls
