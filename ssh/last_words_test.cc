#include "ssh/last_words.h"

#include <gtest/gtest.h>

namespace cluster::ssh {
namespace {

struct Said {
  const char* error;
  const char* words;
};

TEST(LastWords, AreWhatStandsBehindTheReason) {
  for (const auto& [error, words] :
       {Said{"Received SSH_MSG_DISCONNECT: 2:Too many authentication failures",
             "Too many authentication failures"},
        Said{"Received SSH_MSG_DISCONNECT: 11: Bye: until later \r\n", "Bye: until later"},
        Said{"Received SSH_MSG_DISCONNECT: 2:", ""}}) {
    EXPECT_EQ(last_words(error), words) << error;
  }
}

TEST(LastWords, AreNoneOfAnotherError) {
  for (const auto* error : {"", "Socket error: disconnected", "Received SSH_MSG_DISCONNECT",
                            "Received SSH_MSG_DISCONNECT: ", "Received SSH_MSG_DISCONNECT: 2",
                            "it said: Received SSH_MSG_DISCONNECT: 2:Bye"}) {
    EXPECT_EQ(last_words(error), "") << error;
  }
}

}  // namespace
}  // namespace cluster::ssh
