#include "core/attribute_name.h"

#include <algorithm>

#include "core/text.h"

namespace cluster {
namespace {

bool is_letter_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

// schema/0003_attribute.sql refuses the others.
bool is_attribute_name(std::string_view text) {
  const auto is_part = [](char c) {
    return is_letter_of_name(c) || is_digit(c) || c == '-' || c == '.';
  };
  return !text.empty() && is_letter_of_name(text[0]) && std::ranges::all_of(text, is_part);
}

}  // namespace cluster
