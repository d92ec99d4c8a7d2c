#include "cmd/failures.h"

#include <gtest/gtest.h>

#include <sstream>

namespace cluster::cmd {
namespace {

std::string notes_of(const std::vector<std::pair<std::string, std::string>>& notes) {
  std::ostringstream out;
  std::ostringstream err;
  Output output(out, err);
  FoldedNotes folded;
  for (const auto& [who, words] : notes) folded.add(who, words);
  folded.print(output);
  return err.str();
}

TEST(FoldedNotes, SayTheSameWordsOnceInTheOrderInWhichTheyCame) {
  EXPECT_EQ(notes_of({{"n2", ": is down"}, {"n1", ": is up"}, {"n3", ": is down"}}),
            "cluster: n[2-3] (2): is down\ncluster: n1: is up\n");
}

// A fault of the site's names is one, however many hosts have it.
TEST(FoldedNotes, WordsThatDifferByTheNameAloneAreTheSame) {
  EXPECT_EQ(notes_of({{"n1", ": no address for 'n1': n1? unknown"},
                      {"n2", ": no address for 'n2': n2? unknown"}}),
            "cluster: n[1-2] (2): no address for 'HOST': HOST? unknown\n");
  EXPECT_EQ(notes_of({{"n1", ": no address for 'n1'"}}), "cluster: n1: no address for 'n1'\n");
}

TEST(FoldedNotes, APartOfAnotherNameIsNoName) {
  EXPECT_EQ(notes_of({{"n1", ": n10, n1.a and an1 are on"}, {"n2", ": n20, n2.a and an2 are on"}}),
            "cluster: n1: n10, n1.a and an1 are on\ncluster: n2: n20, n2.a and an2 are on\n");
}

}  // namespace
}  // namespace cluster::cmd
