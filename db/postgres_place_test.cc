#include "db/postgres_place.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/error.h"

namespace cluster::db {
namespace {

class Place : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const auto* name : {"PGHOST", "PGHOSTADDR", "PGPASSWORD", "PGSERVICE"}) unsetenv(name);
  }

  // The value that libpq takes: the last, and what `place` says stands where "dbname" does.
  static std::string value(const std::string& place, const std::string& key) {
    std::string found = "none";
    for (const auto& [one, text] : connection_parameters(place)) {
      if (one == key) found = text;
    }
    return found;
  }

  static std::string refusal(const std::string& place) {
    try {
      connection_parameters(place);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::usage);
      return error.what();
    }
  }
};

TEST_F(Place, IsOfPostgresByItsBeginning) {
  for (const auto* place : {"postgresql://", "postgresql://h/d", "postgres:///d", "service=x"}) {
    EXPECT_TRUE(is_postgres(place)) << place;
  }
  for (const auto* place : {"/var/lib/cluster/cluster.db", "postgresql", "postgresql:/x",
                            "./postgresql://h", "host=h", ":memory:", ""}) {
    EXPECT_FALSE(is_postgres(place)) << place;
  }
}

TEST_F(Place, VerifiesTheServerUnlessItIsHere) {
  for (const auto* place :
       {"postgresql:///d", "postgresql://localhost/d", "postgresql://127.0.0.1/d",
        "postgresql://[::1]/d", "postgresql:///d?host=/run/postgresql",
        "postgresql://127.0.0.1:5432,127.0.0.2:5433/d"}) {
    EXPECT_EQ(value(place, "sslmode"), "none") << place;
  }
  for (const auto* place :
       {"postgresql://db.example.org/d", "postgresql://10.0.0.1/d", "postgres://127.evil.org/d",
        "postgresql://127.0.0.1,db2/d", "postgresql:///d?hostaddr=10.0.0.1"}) {
    EXPECT_EQ(value(place, "sslmode"), "verify-full") << place;
    EXPECT_EQ(value(place, "channel_binding"), "require") << place;
  }
}

TEST_F(Place, TheEnvironmentNamesAServerToo) {
  setenv("PGHOST", "db.example.org", 1);
  EXPECT_EQ(value("postgresql:///d", "sslmode"), "verify-full");
  EXPECT_EQ(value("postgresql://localhost/d", "sslmode"), "none");
}

TEST_F(Place, WhatTheSiteSaysComesAfterOurDefaults) {
  const auto parameters = connection_parameters("postgresql://db/d?connect_timeout=9");
  const auto at = [&](const std::string& key) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i].first == key) return i;
    }
    return parameters.size();
  };
  EXPECT_LT(at("connect_timeout"), at("dbname"));
  EXPECT_LT(at("sslmode"), at("dbname"));
  EXPECT_GT(at("target_session_attrs"), at("dbname"));
  EXPECT_LT(at("client_encoding"), parameters.size());
}

TEST_F(Place, TakesNoPassword) {
  const std::string words =
      " has a password, which others would see (want it in ~/.pgpass or in the file of passfile=)";
  EXPECT_EQ(refusal("postgresql://u:secret@h/d"), "the place of the inventory" + words);
  EXPECT_EQ(refusal("postgresql://h/d?password=secret"), "the place of the inventory" + words);
  setenv("PGPASSWORD", "secret", 1);
  EXPECT_EQ(refusal("postgresql:///d"), "$PGPASSWORD" + words);
}

TEST_F(Place, SaysWhatLibpqCannotRead) {
  EXPECT_NE(refusal("postgresql://h/d?no=such"), "");
  EXPECT_NE(refusal("service=x =y"), "");
  EXPECT_EQ(refusal("postgresql://h/d?no=such").find('\n'), std::string::npos);
}

TEST_F(Place, CountsItsServers) {
  EXPECT_EQ(number_of_servers("postgresql:///d"), 1U);
  EXPECT_EQ(number_of_servers("postgresql://a,b:5433,c/d"), 3U);
}

}  // namespace
}  // namespace cluster::db
