#include "core/error.h"
#include "tests/support/engines.h"

// The promises of every engine to the rest of db/.
namespace cluster::db {
namespace {

class Contract : public EachEngine {
 protected:
  Contract() {
    connection_->run(R"sql(
        INSERT INTO host (name, appliance, rack)
        VALUES ('n1', 'vm-container', 1), ('n2', 'vm-container', NULL), ('v1', 'vm', NULL);
        INSERT INTO vm (host, container, uuid, memory_mib, cpus)
        VALUES ('v1', 'n1', 'u1', 1024, 1))sql");
  }

  Why why(const std::string& sql) const {
    try {
      connection_->prepare(sql)->execute();
    } catch (const Failure& failure) {
      return failure.why;
    }
    ADD_FAILURE() << "went well: " << sql;
    return Why::other;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Contract, ::testing::ValuesIn(engines()), name_of_engine);

TEST_P(Contract, WhatIsBoundComesBack) {
  const std::string text = "it's \"quoted\"; -- \xc3\xa9\n:name";
  const auto insert = connection_->prepare(
      "INSERT INTO host (name, appliance, rack, \"user\") VALUES (:name, 'vm', :rack, :user)");
  insert->bind(":name", "h1");
  insert->bind(":rack", 2147483647);
  insert->bind(":user", text);
  EXPECT_EQ(insert->execute(), 1);
  const auto query = connection_->prepare("SELECT rack, \"user\" FROM host WHERE name = :name");
  query->bind(":name", "h1");
  ASSERT_TRUE(query->step());
  EXPECT_EQ(query->number(0), 2147483647);
  EXPECT_EQ(query->text(1), text);
  EXPECT_EQ(query->maybe_string(1), text);
}

TEST_P(Contract, NullIsBoundAndComesBackAsNothing) {
  const auto update =
      connection_->prepare("UPDATE host SET rack = :rack, \"user\" = :user WHERE name = 'n1'");
  update->bind(":rack", std::optional<int>());
  update->bind(":user", std::optional<std::string_view>());
  EXPECT_EQ(update->execute(), 1);
  const auto query = connection_->prepare("SELECT rack, \"user\" FROM host WHERE name = 'n1'");
  ASSERT_TRUE(query->step());
  EXPECT_TRUE(query->is_null(0));
  EXPECT_EQ(query->maybe_number(0), std::nullopt);
  EXPECT_EQ(query->maybe_string(1), std::nullopt);
  EXPECT_EQ(query->text(1), "");
}

TEST_P(Contract, AParameterThatStandsTwiceIsBoundOnce) {
  const auto query = connection_->prepare("SELECT name FROM host WHERE name = :n AND :n <> 'n2'");
  query->bind(":n", "n1");
  EXPECT_TRUE(query->step());
  query->reset();
  query->bind(":n", "n2");
  EXPECT_FALSE(query->step());
}

// An engine may keep what it compiled for the same text.
TEST_P(Contract, AStatementPreparedOnceMoreBeginsAnew) {
  const auto* text = "SELECT name, CAST(:n AS TEXT) FROM host ORDER BY name";
  {
    const auto query = connection_->prepare(text);
    query->bind(":n", "before");
    ASSERT_TRUE(query->step());
    EXPECT_EQ(query->text(1), "before");
  }
  const auto query = connection_->prepare(text);
  const auto beside = connection_->prepare(text);
  ASSERT_TRUE(query->step());
  EXPECT_EQ(query->text(0), "n1");
  EXPECT_TRUE(query->is_null(1));
  ASSERT_TRUE(query->step());
  ASSERT_TRUE(beside->step());
  EXPECT_EQ(beside->text(0), "n1");
  EXPECT_EQ(query->text(0), "n2");
}

TEST_P(Contract, AnUnknownParameterIsAFailure) {
  const auto query = connection_->prepare("SELECT name FROM host WHERE name = :n");
  EXPECT_THROW(query->bind(":m", "n1"), Failure);
  EXPECT_THROW(query->bind(":m", 1), Failure);
}

TEST_P(Contract, TextWithANulIsRefusedWhenItIsBound) {
  const auto query = connection_->prepare("SELECT :text");
  try {
    query->bind(":text", std::string_view("a\0b", 3));
    ADD_FAILURE() << "was bound";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.why, Why::check);
  }
}

TEST_P(Contract, StepsThroughRowsAndStaysAtTheEnd) {
  const auto query = connection_->prepare("SELECT name FROM host ORDER BY name");
  std::string names;
  while (query->step()) names += query->string(0) + " ";
  EXPECT_EQ(names, "n1 n2 v1 ");
  EXPECT_FALSE(query->step());
  query->reset();
  ASSERT_TRUE(query->step());
  EXPECT_EQ(query->text(0), "n1");
}

TEST_P(Contract, ExecuteCountsTheRowsOfThisStatementAlone) {
  EXPECT_EQ(connection_->prepare("UPDATE host SET rack = 5 WHERE appliance <> 'vm'")->execute(), 2);
  EXPECT_EQ(connection_->prepare("UPDATE host SET rack = 5 WHERE name = 'n9'")->execute(), 0);
  EXPECT_EQ(connection_->prepare("DELETE FROM host WHERE name = 'n9'")->execute(), 0);
}

TEST_P(Contract, WrongSqlIsAFailure) {
  EXPECT_THROW(connection_->prepare("SELECT nothing FROM nowhere")->step(), Failure);
  EXPECT_THROW(connection_->run("INSERT nowhere"), Failure);
}

TEST_P(Contract, AWriteThatIsRolledBackNeverWas) {
  EXPECT_FALSE(connection_->in_transaction());
  connection_->begin_write();
  EXPECT_TRUE(connection_->in_transaction());
  connection_->run("DELETE FROM host WHERE name = 'n2'");
  connection_->roll_back();
  EXPECT_FALSE(connection_->in_transaction());
  connection_->roll_back();  // nothing is open: nothing happens
  EXPECT_EQ(answer("SELECT name FROM host WHERE name = 'n2'"), "n2");
}

TEST_P(Contract, AWriteThatIsCommittedStays) {
  connection_->begin_write();
  connection_->run("DELETE FROM host WHERE name = 'n2'");
  connection_->commit();
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ(answer("SELECT name FROM host WHERE name = 'n2'"), "no row");
}

TEST_P(Contract, AfterARefusalOneMayAskInTheSameTransaction) {
  connection_->begin_write();
  connection_->run("DELETE FROM host WHERE name = 'n2'");
  EXPECT_EQ(refusal("DELETE FROM host WHERE name = 'n1'"), "vm_container_fkey");
  connection_->run("ROLLBACK TO SAVEPOINT part");
  EXPECT_EQ(answer("SELECT name FROM host WHERE name = 'n2'"), "n2");
  EXPECT_TRUE(connection_->in_transaction());
  connection_->roll_back();
}

TEST_P(Contract, APartInAPartIsUndoneAlone) {
  connection_->begin_write();
  connection_->run("UPDATE host SET rack = 7 WHERE name = 'n1'");
  connection_->run("SAVEPOINT part");
  connection_->run("UPDATE host SET rack = 8 WHERE name = 'n1'");
  connection_->run("ROLLBACK TO SAVEPOINT part");
  connection_->run("RELEASE SAVEPOINT part");
  connection_->commit();
  EXPECT_EQ(answer("SELECT rack FROM host WHERE name = 'n1'"), "7");
}

TEST_P(Contract, EachKindOfFailureIsTold) {
  EXPECT_EQ(why("INSERT INTO host (name, appliance) VALUES ('n1', 'vm')"), Why::unique);
  EXPECT_EQ(why("INSERT INTO host (name, appliance) VALUES ('n3', 'toaster')"), Why::foreign_key);
  EXPECT_EQ(why("DELETE FROM host WHERE name = 'n1'"), Why::foreign_key);
  EXPECT_EQ(why("UPDATE host SET rack = -1"), Why::check);
  EXPECT_EQ(why("UPDATE host SET appliance = NULL"), Why::check);
  EXPECT_EQ(why("UPDATE host SET rack = 'first'"), Why::check);
  EXPECT_EQ(why("UPDATE vm SET container = 'v1'"), Why::rule);
}

TEST_P(Contract, ARuleRefusesInItsOwnWords) {
  try {
    connection_->prepare("UPDATE vm SET container = 'v1'")->execute();
    ADD_FAILURE();
  } catch (const Failure& failure) {
    EXPECT_STREQ(failure.what(), "a VM runs on a physical host, not on another VM");
    EXPECT_EQ(failure.constraint, "vm_moves_to_no_vm");
  }
}

TEST_P(Contract, ARefusedStatementMayBeCarriedOutAgain) {
  const auto insert =
      connection_->prepare("INSERT INTO host (name, appliance) VALUES (:name, 'compute')");
  insert->bind(":name", "n1");
  EXPECT_THROW(insert->execute(), Failure);
  insert->bind(":name", "n3");
  EXPECT_EQ(insert->execute(), 1);
}

TEST_P(Contract, ForeignKeysHoldAtOnceAlsoAfterOneRefused) {
  connection_->begin_write();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(refusal("INSERT INTO gpu (host, name, pci) "
                      "VALUES ('n9', 'gpupci1', 'pci_0000_02_00_0')"),
              "gpu_host_fkey");
    EXPECT_EQ(answer("SELECT count(*) FROM gpu"), "0") << "finding the name left a row";
  }
  connection_->roll_back();
}

TEST_P(Contract, DeferredForeignKeysAreLookedAtWhenTheTransactionEnds) {
  connection_->begin_write();
  connection_->defer_foreign_keys();
  connection_->run("UPDATE vm SET container = 'n9'");
  try {
    connection_->commit();
    ADD_FAILURE() << "was committed";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.why, Why::foreign_key);
    EXPECT_EQ(failure.constraint, "vm_container_fkey");
  }
  EXPECT_TRUE(connection_->in_transaction());
  connection_->run("ROLLBACK TO SAVEPOINT part");
  EXPECT_EQ(answer("SELECT container FROM vm"), "n1");
  connection_->roll_back();

  connection_->begin_write();
  connection_->defer_foreign_keys();
  connection_->run("UPDATE vm SET container = 'n9'; UPDATE vm SET container = 'n2'");
  connection_->commit();
  EXPECT_EQ(answer("SELECT container FROM vm"), "n2");
}

TEST_P(Contract, WhatIsReadTogetherIsOfOneMoment) {
  if (!GetParam().shared) return;  // nobody else can write to it
  const auto other = another();
  connection_->begin_read();
  EXPECT_EQ(answer("SELECT count(*) FROM host"), "3");
  EXPECT_EQ(refusal(*other, "DELETE FROM host WHERE name = 'n2'"), "") << "a reader stops a writer";
  EXPECT_EQ(answer("SELECT count(*) FROM host"), "3");
  connection_->roll_back();
  EXPECT_EQ(answer("SELECT count(*) FROM host"), "2");
}

TEST_P(Contract, TheRevisionDiffersWhereAnotherWroteSince) {
  if (!GetParam().shared) return;  // nobody else writes there
  const auto revision = [&](bool writes) {
    writes ? connection_->begin_write() : connection_->begin_read();
    EXPECT_NE(answer("SELECT count(*) FROM host"), "");
    const auto now = connection_->revision();
    connection_->roll_back();
    return now;
  };
  const auto before = revision(false);
  EXPECT_EQ(revision(true), before);
  const auto other = another();
  other->begin_write();
  other->run("UPDATE host SET rack = 7 WHERE name = 'n1'");
  EXPECT_EQ(revision(false), before) << "it is not there yet";
  other->commit();
  const auto after = revision(true);
  EXPECT_TRUE(!before || after != before);
  EXPECT_EQ(before.has_value(), std::string(GetParam().name) != "Postgresql");
}

TEST_P(Contract, WithoutTriggersNoneActsOrNothingIsDone) {
  connection_->begin_write();
  const auto rows = [&] { return answer("SELECT count(*) FROM change_row"); };
  const auto before = rows();
  const auto add = [&](const std::string& name) {
    connection_->run("INSERT INTO gpu (host, name, pci) VALUES ('n1', '" + name + "', 'pci_0000_0" +
                     name.back() + "_00_0')");
  };
  bool asked = false;
  const bool done = connection_->without_triggers([&] {
    asked = true;
    add("gpupci1");
    EXPECT_EQ(rows(), before);
    EXPECT_EQ(why("INSERT INTO gpu (host, name, pci) VALUES ('n3', 'gpupci1', 'pci_0000_01_00_0')"),
              Why::foreign_key);
  });
  EXPECT_EQ(asked, done);
  EXPECT_EQ(done, std::string(GetParam().name) != "Postgresql");
  EXPECT_EQ(answer("SELECT count(*) FROM gpu"), done ? "1" : "0");
  add("gpupci2");
  EXPECT_NE(rows(), before) << "they act again";
}

TEST_P(Contract, TriggersActAgainAfterAFailure) {
  connection_->begin_write();
  const auto broken = [&] {
    connection_->without_triggers([&] { throw Error(Fault::io, "it broke"); });
    throw Error(Fault::io, "nothing was done");
  };
  EXPECT_THROW(broken(), Error);
  EXPECT_EQ(why("INSERT INTO gpu (host, name, pci) VALUES ('v1', 'gpupci1', 'pci_0000_01_00_0')"),
            Why::rule);
}

TEST_P(Contract, OneWritesAndTheOthersAreToldThatItIsBusy) {
  if (!GetParam().shared) return;  // there are no others
  const auto other = another(1);
  connection_->begin_write();
  connection_->run("DELETE FROM host WHERE name = 'n2'");
  try {
    other->begin_write();
    ADD_FAILURE() << "two write";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.why, Why::busy);
  }
  EXPECT_FALSE(other->in_transaction());
  EXPECT_EQ(answer(*other, "SELECT count(*) FROM host"), "3") << "readers never wait";
  connection_->commit();
  other->begin_write();
  EXPECT_EQ(answer(*other, "SELECT count(*) FROM host"), "2");
}

TEST_P(Contract, AConnectionThatGoesUndoesWhatIsOpen) {
  if (!GetParam().shared) return;  // the rows go with the connection
  connection_->begin_write();
  connection_->run("DELETE FROM host WHERE name = 'n2'");
  connection_ = another();
  EXPECT_EQ(answer("SELECT count(*) FROM host"), "3");
}

TEST_P(Contract, MigratingAgainChangesNothing) {
  connection_->migrate();
  EXPECT_EQ(answer("SELECT count(*) FROM host"), "3");
}

TEST_P(Contract, SaysWhereItIs) {
  const auto where = connection_->where();
  EXPECT_FALSE(where.empty());
  if (!GetParam().shared) return;
  EXPECT_EQ(where, another()->where());
}

}  // namespace
}  // namespace cluster::db
