#include "frontend/hosts/bounded_json.h"

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"

namespace cluster::frontend {
namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(BoundedJson, MayBeDeepToABound) {
  EXPECT_EQ(bounded_json(nested(kDeepestJson)), nested(kDeepestJson));
  EXPECT_THROW(bounded_json(nested(kDeepestJson + 1)), Error);
  EXPECT_THROW(bounded_json(std::string(kDeepestJson + 1, '{')), Error);
}

TEST(BoundedJson, CountsNothingWithinATextOrBesideOneAnother) {
  const auto text = "\"\\\"" + std::string(100, '[') + "\\\\\"";
  EXPECT_EQ(bounded_json(text), text);
  std::string beside = "[";
  for (int i = 0; i < 100; ++i) beside += "{},";
  EXPECT_EQ(bounded_json(beside), beside);
  EXPECT_EQ(bounded_json("]]]["), "]]][");
}

TEST(BoundedJson, HasNoMoreValuesThanTheBound) {
  EXPECT_NO_THROW(bounded_json(std::string(kMostJsonValues, ',')));
  EXPECT_THROW(bounded_json(std::string(kMostJsonValues + 1, ',')), Error);
}

TEST(BoundedJson, HasNoEndlessText) {
  const auto text = '"' + std::string(kLongestJsonText + 1, 'x');
  EXPECT_THROW(bounded_json(text), Error);
  EXPECT_THROW(bounded_json(text + '"'), Error);
  EXPECT_NO_THROW(bounded_json("\"x\\"));
}

}  // namespace
}  // namespace cluster::frontend
