#include "virt/document_bounds.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace cluster::virt {
namespace {

std::string nested(int depth) {
  std::string xml;
  for (int i = 0; i < depth; ++i) xml += "<a>";
  for (int i = 0; i < depth; ++i) xml += "</a>";
  return xml;
}

std::string document_of(std::size_t count) {
  std::string xml = "<a>";
  for (std::size_t i = 1; i < count; ++i) xml += "<b/>";
  return xml + "</a>";
}

TEST(DocumentBounds, HoldItsDepth) {
  EXPECT_EQ(within_bounds(nested(kDeepestDocument)), nested(kDeepestDocument));
  EXPECT_THROW(within_bounds(nested(kDeepestDocument + 1)), Error);
  EXPECT_THROW(within_bounds(nested(100'000)), Error);
}

TEST(DocumentBounds, HoldItsElements) {
  EXPECT_NO_THROW(within_bounds(document_of(kMostElements)));
  EXPECT_THROW(within_bounds(document_of(kMostElements + 1)), Error);
}

TEST(DocumentBounds, HoldItsLength) {
  const auto text = "<a>" + std::string(kLongestDocument, 'x') + "</a>";
  EXPECT_THROW(within_bounds(text), Error);
}

// What looks like a tag and is none neither counts nor hides what follows.
TEST(DocumentBounds, CountNoTagsInOtherThings) {
  const std::string deep = nested(kDeepestDocument + 1);
  for (const char* before : {"<!-- <a> -->", "<![CDATA[<a><!--]]>", "<?x > <!-- ?>",
                             "<b c='/>'></b>", "<b c=\"<!--\"/>", "<b c='>'/>", "<b></b >"}) {
    EXPECT_THROW(within_bounds("<d>" + std::string(before) + deep), Error) << before;
  }
  const auto fits = [](const std::string& one) {
    std::string xml = "<d>";
    for (int i = 0; i <= kDeepestDocument; ++i) xml += one;
    EXPECT_NO_THROW(within_bounds(xml)) << one;
  };
  for (const char* one :
       {"<!-- <a> -->", "<![CDATA[<a>]]>", "<?x <a> ?>", "<b c='<a>'/>", "<b/>"}) {
    fits(one);
  }
  EXPECT_THROW(within_bounds("<!DOCTYPE d [<!ENTITY y '> <!-- '>]>" + deep), Error);
}

TEST(DocumentBounds, LeaveToOthersWhatIsNoDocument) {
  for (const char* text : {"", "x", "<a", "<a></b>"}) EXPECT_EQ(within_bounds(text), text);
}

}  // namespace
}  // namespace cluster::virt
