#include "core/natural_key.h"

#include "core/text.h"

namespace cluster {

// Each run of digits becomes '0', the count of its digits without leading zeros, and these digits.
// So "2" comes before "10", and both come before a character that is no digit and is larger than
// '0'. Then follow a NUL, which comes before everything, and the name itself: these give an order
// to "n1" and "n01", which are equal as numbers.
std::string natural_key(std::string_view name) {
  constexpr std::size_t kMaxCount = 255;
  std::string key;
  key.reserve(2 * name.size() + 8);
  for (std::size_t i = 0; i < name.size();) {
    if (!is_digit(name[i])) {
      key += name[i++];
      continue;
    }
    while (i < name.size() && name[i] == '0') ++i;
    const auto start = i;
    while (i < name.size() && is_digit(name[i])) ++i;
    key += '0';
    key += static_cast<char>(static_cast<unsigned char>(std::min(i - start, kMaxCount)));
    key += name.substr(start, i - start);
  }
  key += '\0';
  key += name;
  return key;
}

}  // namespace cluster
