#include "db/postgres_engine.h"

#include <algorithm>

#include "core/error.h"
#include "tests/support/engines.h"

// What PostgreSQL alone has: roles, several programs that write, a server that can go.
namespace cluster::db {
namespace {

std::vector<Engine> postgres_alone() {
  auto all = engines();
  std::erase_if(all, [](const Engine& engine) { return engine.name != std::string("Postgresql"); });
  return all;
}

class Server : public EachEngine {
 protected:
  Server() {
    connection_->run(R"sql(
        INSERT INTO host (name, appliance)
        VALUES ('n1', 'vm-container'), ('n2', 'vm-container'), ('v1', 'vm'), ('v2', 'vm');
        INSERT INTO gpu (host, name, pci)
        VALUES ('n1', 'gpupci1', 'pci_0000_02_00_0'), ('n2', 'gpupci1', 'pci_0000_02_00_0');
        INSERT INTO vm (host, container, uuid, memory_mib, cpus)
        VALUES ('v1', 'n1', 'u1', 1024, 1), ('v2', 'n2', 'u2', 1024, 1))sql");
    for (const auto* kind : {"reader", "operator", "delegate"}) {
      const auto role = role_of(kind);
      connection_->run("CREATE ROLE " + role + " LOGIN; GRANT cluster_" + kind + " TO " + role);
    }
  }

  ~Server() override {
    for (const auto* kind : {"reader", "operator", "delegate"}) {
      connection_->roll_back();
      connection_->run("DROP ROLE " + role_of(kind));
    }
  }

  static std::string role_of(const std::string& kind) {
    return "test_" + kind + "_" + std::to_string(getpid());
  }

  // A login of that kind of role.
  std::unique_ptr<Connection> as(const std::string& kind, int turn_ms = kBusyTimeoutMs) const {
    auto place = connection_->where();
    const auto user = place.find("user=");
    return open_postgres(place.substr(0, user) + "user=" + role_of(kind), turn_ms);
  }

  static Failure failure_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Failure& failure) {
      return failure;
    }
    ADD_FAILURE() << "went well";
    return {Why::other, "", ""};
  }

  static void write(Connection& connection, const std::string& sql) {
    connection.begin_write();
    connection.run(sql);
    connection.commit();
  }

  // Ends the server's process of `connection`.
  void end(Connection& connection) const {
    end_process(answer(connection, "SELECT pg_backend_pid()"));
  }

  void end_process(const std::string& number) const {
    EXPECT_EQ(answer("SELECT CAST(pg_terminate_backend(" + number + ", 5000) AS text)"), "true");
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Server, ::testing::ValuesIn(postgres_alone()), name_of_engine);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Server);

TEST_P(Server, ABooleanIsNoNumber) {
  const auto query = connection_->prepare("SELECT 1 = 1, -7, NULL::bigint, 5000000000");
  ASSERT_TRUE(query->step());
  EXPECT_EQ(failure_of([&] { query->number(0); }).what(),
            std::string("'t' is no number that fits"));
  EXPECT_EQ(query->number(1), -7);
  EXPECT_EQ(query->number(2), 0);
  EXPECT_EQ(failure_of([&] { query->number(3); }).why, Why::other);
}

TEST_P(Server, WhoWaitsForTheTurnIsToldWhoHasIt) {
  connection_->sign({"alice", "", "pts/3", "add host n9"});
  connection_->begin_write();
  const auto waiting = failure_of([&] { another(1)->begin_write(); });
  EXPECT_EQ(waiting.why, Why::busy);
  EXPECT_STREQ(waiting.what(), "role 'postgres' is writing (alice@pts/3: add host n9): try again");
}

TEST_P(Server, WhoeverWritesTakesTheTurn) {
  connection_->begin_write();
  EXPECT_EQ(failure_of([&] { another(1)->run("DELETE FROM attribute"); }).why, Why::busy);
  connection_->roll_back();
  another(1)->run("DELETE FROM attribute");
}

TEST_P(Server, AWriterThatSeesWhatWasBeforeItsTurnIsRefused) {
  connection_->run("BEGIN ISOLATION LEVEL REPEATABLE READ");
  EXPECT_EQ(failure_of([&] { connection_->run("DELETE FROM attribute"); }).constraint,
            "one_writer");
  connection_->roll_back();
}

TEST_P(Server, TheHistoryNamesTheRoleAndTheAccount) {
  const auto as_operator = as("operator");
  as_operator->sign({"alice", "bob", "10.0.0.7", "set host n1 rack=3"});
  write(*as_operator, "UPDATE host SET rack = 3 WHERE name = 'n1'");
  EXPECT_EQ(answer("SELECT login || ' ' || sudo_user || ' ' || origin || ' ' || command FROM change"
                   " ORDER BY id DESC LIMIT 1"),
            role_of("operator") + " bob 10.0.0.7 set host n1 rack=3");
  EXPECT_EQ(answer("SELECT place || ' ' || host FROM change_row ORDER BY number DESC LIMIT 1"),
            "host n1");
}

TEST_P(Server, TheHistoryHasWhatOtherProgramsDo) {
  const auto other = as("operator");
  other->run("BEGIN; UPDATE host SET rack = 1; DELETE FROM gpu WHERE host = 'n1'; COMMIT");
  EXPECT_EQ(answer("SELECT login FROM change ORDER BY id DESC LIMIT 1"), role_of("operator"));
  EXPECT_EQ(answer("SELECT count(*) FROM change_row WHERE change = (SELECT max(id) FROM change)"),
            "5");
}

TEST_P(Server, AReaderReadsAndNoMore) {
  const auto reader = as("reader");
  EXPECT_TRUE(reader->is_up_to_date());
  EXPECT_EQ(answer(*reader, "SELECT count(*) FROM host_gpu"), "2");
  EXPECT_EQ(reader->read_only(), "role '" + role_of("reader") + "' may only read this inventory");
  EXPECT_EQ(failure_of([&] { reader->begin_write(); }).why, Why::denied);
  for (const auto* sql :
       {"DELETE FROM host", "INSERT INTO attribute (name, value) VALUES ('a', '1')",
        "DELETE FROM change", "UPDATE schema_version SET version = 1", "CREATE TABLE x ()",
        "LOCK TABLE turn IN EXCLUSIVE MODE", "SELECT change_of_now()", "TRUNCATE gpu",
        "SET session_replication_role = replica", "ALTER TABLE host DISABLE TRIGGER ALL"}) {
    EXPECT_EQ(failure_of([&] { reader->run(std::string("BEGIN;") + sql); }).why, Why::denied)
        << sql;
    reader->roll_back();
  }
}

TEST_P(Server, AnOperatorCannotChangeWhatWasOrTheRules) {
  const auto operating = as("operator");
  write(*operating, "INSERT INTO host (name, appliance) VALUES ('n3', 'compute')");
  for (const auto* sql :
       {"DELETE FROM change", "DELETE FROM change_row", "UPDATE change SET login = 'x'",
        "INSERT INTO change_now (id, transaction) VALUES (1, '1')", "TRUNCATE gpu",
        "UPDATE schema_version SET version = 1", "DROP TABLE gpu", "SELECT change_of_now()",
        "SET session_replication_role = replica", "ALTER TABLE host DISABLE TRIGGER ALL"}) {
    EXPECT_EQ(failure_of([&] { operating->run(std::string("BEGIN;") + sql); }).why, Why::denied)
        << sql;
    operating->roll_back();
  }
  const auto changes = answer("SELECT count(*) FROM change_row");
  operating->run("SET cluster.history = 'off'; DELETE FROM host WHERE name = 'n3'");
  EXPECT_NE(answer("SELECT count(*) FROM change_row"), changes) << "went unseen";
}

TEST_P(Server, TheOwnerAloneWritesWithoutTheHistory) {
  const auto operating = as("operator");
  operating->begin_write();
  EXPECT_EQ(failure_of([&] { operating->without_history(); }).why, Why::denied);
  operating->roll_back();

  const auto changes = answer("SELECT count(*) FROM change_row");
  connection_->begin_write();
  connection_->without_history();
  connection_->run(
      "INSERT INTO host (name, appliance) VALUES ('n5', 'compute');"
      "INSERT INTO change_row (number, change, place) VALUES (900, 1, 'host')");
  connection_->commit();
  write(*connection_, "DELETE FROM host WHERE name = 'n5'");
  EXPECT_EQ(answer("SELECT count(*) FROM change_row"), std::to_string(std::stoi(changes) + 2));
  EXPECT_EQ(answer("SELECT max(number) FROM change_row"), "901") << "numbers go on";
}

TEST_P(Server, ADelegateGivesCardsWhereTheAttributeOwnerNamesIt) {
  const auto role = role_of("delegate");
  const std::string give_v1 =
      "INSERT INTO vm_gpu (vm, name, container, gpu) VALUES ('v1', 'gpupci', 'n1', 'gpupci1')";
  const std::string give_v2 =
      "INSERT INTO vm_gpu (vm, name, container, gpu) VALUES ('v2', 'gpupci', 'n2', 'gpupci1')";
  const auto delegate = as("delegate");
  const auto words =
      "role '" + role + "' is no operator, and the attribute owner of 'v1' does not name it";
  EXPECT_EQ(failure_of([&] { write(*delegate, give_v1); }).what(), words);
  delegate->roll_back();

  write(*connection_, "INSERT INTO attribute (host, name, value) VALUES ('v1', 'owner', 'carol, " +
                          role + "'), ('n2', 'owner', '" + role + "')");
  write(*delegate, give_v1);
  write(*delegate, give_v2);
  write(*delegate, "DELETE FROM vm_gpu WHERE vm = 'v2'");

  // The VM's own counts before that of its container.
  write(*connection_,
        "UPDATE attribute SET value = 'carol'; INSERT INTO attribute (host, name, "
        "value) VALUES ('n1', 'owner', '" +
            role + "')");
  EXPECT_EQ(failure_of([&] { write(*delegate, "DELETE FROM vm_gpu"); }).what(), words);
  delegate->roll_back();
  // An UPDATE would take it for a VM whose cards the delegate may give.
  const auto* take = "UPDATE vm_gpu SET vm = 'v2', container = 'n2' WHERE vm = 'v1'";
  EXPECT_EQ(failure_of([&] { write(*delegate, take); }).what(), words);
  delegate->roll_back();
  EXPECT_EQ(answer("SELECT count(*) FROM vm_gpu"), "1");
  EXPECT_EQ(failure_of([&] { write(*delegate, "DELETE FROM gpu"); }).why, Why::denied);
  delegate->roll_back();
  EXPECT_EQ(delegate->read_only(), "");
}

TEST_P(Server, WhatWasNotBegunIsBegunOnANewLogin) {
  const auto other = another();
  end(*other);
  other->begin_read();
  EXPECT_EQ(answer(*other, "SELECT count(*) FROM host"), "4");
  other->roll_back();
  end(*other);
  write(*other, "DELETE FROM gpu");
  EXPECT_EQ(answer("SELECT count(*) FROM gpu"), "0");
}

TEST_P(Server, AReadIsRepeatedUnlessItHasAnsweredAlready) {
  const auto other = another();
  const auto number = answer(*other, "SELECT pg_backend_pid()");
  other->begin_read();
  end_process(number);
  EXPECT_EQ(answer(*other, "SELECT count(*) FROM host"), "4");
  end(*other);
  EXPECT_EQ(failure_of([&] { answer(*other, "SELECT count(*) FROM host"); }).why, Why::unreachable);
  other->roll_back();
  other->begin_read();
  other->roll_back();
  const auto adds = other->prepare("INSERT INTO host (name, appliance) VALUES ('n7', 'compute')");
  end(*other);
  EXPECT_EQ(failure_of([&] { adds->execute(); }).why, Why::unreachable) << "no read";
}

TEST_P(Server, WhatWasBegunIsUndoneAndNotRepeated) {
  const auto other = another();
  const auto adds = other->prepare("INSERT INTO host (name, appliance) VALUES (:name, 'compute')");
  other->begin_write();
  adds->bind(":name", "n7");
  adds->execute();
  end(*other);
  adds->bind(":name", "n8");
  EXPECT_EQ(failure_of([&] { adds->execute(); }).why, Why::unreachable);
  EXPECT_EQ(failure_of([&] { other->commit(); }).why, Why::unreachable);
  EXPECT_FALSE(other->in_transaction());
  other->begin_write();
  adds->execute();
  other->commit();
  EXPECT_EQ(answer("SELECT count(*) FROM host WHERE name IN ('n7', 'n8')"), "1");
}

TEST_P(Server, ACommitAfterAFailureIsNoSilentUndo) {
  connection_->begin_write();
  EXPECT_THROW(connection_->run("SELECT nothing"), Failure);
  EXPECT_THROW(connection_->commit(), Failure);
  connection_->roll_back();
}

TEST_P(Server, NobodyFindsAnInventoryWhereThereIsNone) {
  const TempDir folder;
  const auto empty = open_test_postgres(folder, kBusyTimeoutMs);
  EXPECT_FALSE(empty->is_up_to_date());
  EXPECT_EQ(empty->read_only(), "");
}

TEST_P(Server, AProgramThatKnowsTooLittleSaysSo) {
  connection_->run("UPDATE schema_version SET version = 998");
  EXPECT_TRUE(another()->is_up_to_date()) << "a version that only adds";
  connection_->run("UPDATE schema_version SET version = 999, oldest_program = 999");
  try {
    another()->is_up_to_date();
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("is of a newer version (schema 999, "),
              std::string::npos);
  }
}

TEST_P(Server, FindsARuleThatIsSwitchedOff) {
  EXPECT_TRUE(connection_->faults().empty());
  connection_->run("ALTER TABLE gpu DISABLE TRIGGER gpu_is_not_of_a_vm");
  EXPECT_EQ(connection_->faults(),
            (std::vector<std::string>{"trigger gpu_is_not_of_a_vm of gpu is switched off"}));
}

TEST_P(Server, SaysHowWhatIsStoredCouldBeLost) {
  connection_->run("SET synchronous_commit = off");
  const auto weak = connection_->remarks();
  EXPECT_NE(std::ranges::find(weak,
                              "synchronous_commit = 'off': what was stored may be lost with the "
                              "server"),
            weak.end());
  connection_->run("SET synchronous_commit = on");
  for (const auto& one : connection_->remarks()) EXPECT_FALSE(one.starts_with("synchronous_c"));
}

TEST(NoServer, IsUnreachable) {
  try {
    open_postgres("postgresql:///d?host=/nowhere");
    ADD_FAILURE();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.why, Why::unreachable);
    EXPECT_EQ(std::string(failure.what()).find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace cluster::db
