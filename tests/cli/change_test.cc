#include <cstdlib>

#include "cmd/author.h"
#include "core/file.h"
#include "core/text.h"
#include "db/inventory.h"
#include "db/postgres_place.h"
#include "tests/support/story.h"

// Who changed what: `list change` and `undo change`.
namespace cluster {
namespace {

class History : public Story {
 protected:
  void SetUp() override {
    setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22", 1);
    setenv("SUDO_USER", "jo", 1);
  }
  void TearDown() override {
    unsetenv("SSH_CONNECTION");
    unsetenv("SUDO_USER");
  }

  // The last change in CSV, without its time.
  std::string last() {
    const auto text = cluster({"list", "change", "format=csv"});
    const auto lines = split(text, '\n');
    auto line = std::string(lines.at(lines.size() - 2));
    const auto time = line.find(",20");
    if (time != std::string::npos) line.erase(time, line.find(',', time + 1) - time);
    return line;
  }

  std::string sql(const std::string& query) {
    const auto db = Places::connect(place);
    const auto statement = db->prepare(query);
    return statement->step() ? statement->string(0) : "";
  }
};

TEST_F(History, SaysWhoChangedWhatFromWhereByWhichCommand) {
  cluster({"add", "host", "n1", "rack=1"});
  const auto added = last();
  EXPECT_NE(added.find("jo as "), std::string::npos) << added;
  EXPECT_NE(added.find("192.0.2.7,add host n1 rack=1,"), std::string::npos) << added;
  cluster({"set", "host", "n1", "rack=2"});
  EXPECT_NE(last().find("changed host n1: rack 1 -> 2"), std::string::npos) << last();
  cluster({"list", "host"});
  cluster({"add", "host", "n1"}, 1, "host 'n1' is in the inventory already");
  EXPECT_EQ(sql("SELECT count(*) FROM change"), "2") << "what changed nothing is no change";
  Places::connect(place)->run("UPDATE host SET rack = 7");
  const bool names_role = db::is_postgres(place);
  EXPECT_NE(last().find(names_role ? "postgres,,cluster," : "(another program)"), std::string::npos)
      << last();
}

TEST_F(History, NamesTheRowThatChanged) {
  cluster({"add", "host", "n1"});
  cluster({"add", "attr", "site", "1"});
  cluster({"set", "attr", "site", "2"});
  EXPECT_NE(last().find("changed attribute site: value 1 -> 2"), std::string::npos) << last();
  cluster({"add", "appliance", "attr", "vm", "site", "1"});
  cluster({"set", "appliance", "attr", "vm", "site", "2"});
  EXPECT_NE(last().find("changed attribute vm site: value 1 -> 2"), std::string::npos) << last();
  cluster({"add", "host", "attr", "n1", "site", "1"});
  cluster({"set", "host", "attr", "n1", "site", "2"});
  EXPECT_NE(last().find("changed attribute n1 site: value 1 -> 2"), std::string::npos) << last();
}

// What a host tells of its cards is the difference to what was known, not all of it anew.
TEST_F(History, OfADiscoveryTellsWhatIsNew) {
  cluster({"add", "host", "n1"});
  const HostName host("n1");
  const auto card = [](const std::string& number, const std::string& pci) {
    GpuCard one{GpuName("gpupci" + number), PciAddress::parse(pci), {}, {}, {}, {}, {}, false, {}};
    one.functions = {{one.pci, "0302", "10de", "20f1", {}, {}, 5}};
    return one;
  };
  std::vector<GpuCard> cards{card("1", "0000:02:00.0"), card("2", "0000:03:00.0"),
                             card("3", "0000:04:00.0")};
  const std::vector<Mdev> mdevs{{"01234567-89ab-cdef-0123-456789abcdef", "gpupci1", "nvidia-558"}};
  const auto store = [&] {
    Inventory(place, Inventory::Open::existing).store_gpu_cards(host, {cards, {}, mdevs});
  };
  const auto rows = [&] { return sql("SELECT count(*) FROM change_row"); };
  const auto known = [&] { return Inventory(place, Inventory::Open::existing).gpu_cards(host); };
  store();
  const auto before = rows();
  cards[0].told.seen = "2026-11-21T01:20:00Z";
  store();
  EXPECT_EQ(rows(), before) << "that it was seen again is no change";
  EXPECT_EQ(known(), cards);
  cards[1].missing = true;
  store();
  EXPECT_EQ(std::stoi(rows()), std::stoi(before) + 1);
  EXPECT_NE(last().find("changed gpu n1 gpupci2 pci_0000_03_00_0: missing 0 -> 1"),
            std::string::npos)
      << last();
  EXPECT_EQ(known(), cards);
  cards[2].functions[0].iommu_group = 6;
  store();
  EXPECT_EQ(std::stoi(rows()), std::stoi(before) + 3) << "a function went and came";
  EXPECT_EQ(known(), cards);
  std::swap(cards[0].pci, cards[1].pci);  // two change places
  std::swap(cards[0].functions, cards[1].functions);
  store();
  EXPECT_EQ(known(), cards);
}

TEST_F(History, IsChosenByHostTimeAndUser) {
  for (const auto* host : {"n1", "n2"}) cluster({"add", "host", host});
  EXPECT_EQ(cluster({"list", "change", "n2", "format=csv"}).find("n1"), std::string::npos);
  const auto header = cluster({"list", "change", "since=2999-01-01", "format=csv"});
  EXPECT_EQ(cluster({"list", "change", "user=nobody-at-all", "format=csv"}), header);
  EXPECT_NE(cluster({"list", "change", "user=jo", "since=1h", "format=csv"}), header);
  cluster({"list", "change", "since=x"}, 2, "since='x': want 2026-11-28, 90m, 12h or 7d");
}

TEST_F(History, OfHostsIsChosenByTheirGrammarAlsoWhenTheyAreGone) {
  cluster({"add", "host", "n[1-3]"}, 0, "added 3 hosts");
  cluster({"add", "host", "m1"});
  cluster({"set", "host", "n2", "rack=7"});
  cluster({"remove", "host", "n1"});
  const auto numbers = [&](const std::string& word) {
    std::string all;
    const auto text = cluster({"list", "change", word, "format=csv", "columns=change,what"});
    for (const auto line : split(text, '\n')) {
      if (line.starts_with("change") || line.empty()) continue;
      all += std::string(line.substr(0, line.find(','))) + " ";
    }
    return all;
  };
  EXPECT_EQ(numbers("n1"), "1 1 1 4 ") << "a removed host";
  EXPECT_EQ(numbers("rack7"), "1 1 1 3 ");
  EXPECT_EQ(numbers("m*"), "2 ");
  EXPECT_EQ(numbers("n[2-3]!n2"), "1 1 1 ");
  EXPECT_EQ(run({"list", "change", "n9"}).status, 1);
}

TEST_F(History, EveryTableHasItsTriggers) {
  cluster({"add", "host", "n1"});
  const auto* of_sqlite =
      "SELECT group_concat(name) FROM sqlite_schema AS t WHERE type = 'table' AND "
      "name NOT LIKE 'change%' AND name NOT LIKE 'free\\_card%' ESCAPE '\\' AND (SELECT count(*) "
      "FROM sqlite_schema WHERE "
      "type = 'trigger' AND tbl_name = t.name AND name LIKE 'change\\_%' ESCAPE '\\') <> 3";
  const auto* of_postgres =
      "SELECT string_agg(relname, ' ') FROM pg_class WHERE relkind = 'r' AND "
      "relnamespace = 'cluster'::regnamespace AND relname NOT LIKE 'change%' AND relname NOT LIKE "
      "'free\\_card%' AND "
      "relname NOT IN ('schema_version', 'turn', 'roll_file', 'roll_chunk') AND NOT EXISTS "
      "(SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND tgname LIKE 'change\\_%')";
  EXPECT_EQ(sql(db::is_postgres(place) ? of_postgres : of_sqlite), "");
}

TEST_F(History, UndoMakesWhatACommandTouchedAsItWas) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "gpu", "n1", "gpupci1", "02:00.0"});
  cluster({"add", "host", "attr", "n1", "site", "x"});
  cluster({"add", "host", "vm", "v1", "n1", "mem=1024", "cpus=1"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
  const auto before = cluster({"dump"});
  const std::vector<std::vector<std::string>> commands{{"remove", "host", "gpu", "v1", "gpupci"},
                                                       {"set", "host", "n1", "rack=3"},
                                                       {"set", "attr", "site", "y"},
                                                       {"set", "host", "attr", "n1", "site", "z"},
                                                       {"set", "host", "vm", "v1", "mem=2048"}};
  for (const auto& command : commands) {
    cluster(command);
    EXPECT_NE(cluster({"dump"}), before);
    cluster({"undo", "change", sql("SELECT max(id) FROM change")});
    EXPECT_EQ(cluster({"dump"}), before) << joined(command, " ");
  }
  cluster({"remove", "host", "gpu", "v1", "gpupci"});
  cluster({"remove", "host", "vm", "v1"});
  cluster({"remove", "host", "n1"}, 0, "removed 1 host with 1 card");
  for (int i = 0; i < 3; ++i) {
    cluster({"undo", "change", sql("SELECT max(id) - " + std::to_string(2 * i) + " FROM change")});
  }
  EXPECT_EQ(cluster({"dump"}), before);
}

// What stays as it is has no row in the history, and does not stand in the way of an undo.
TEST_F(History, HasOnlyWhatChanged) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "gpu", "n1", "gpupci1", "02:00.0"});
  cluster({"add", "host", "vm", "v1", "n1", "disk=file:/a,vda,virtio", "disk=file:/b,vdb,virtio",
           "disksize=1", "disksize=2"});
  cluster({"add", "host", "gpu", "v1", "gpupci", "gpupci1"});
  const auto before = cluster({"dump"});
  cluster({"set", "host", "vm", "v1", "disk=file:/a,vda,virtio", "disk=file:/c,vdb,virtio",
           "disksize=1", "disksize=2"});
  const auto change = sql("SELECT max(id) FROM change");
  EXPECT_EQ(sql("SELECT count(*) FROM change_row WHERE change = " + change), "2") << "vdb alone";
  cluster({"set", "host", "vm", "v1", "mem=2G"});
  EXPECT_EQ(sql("SELECT count(*) FROM change_row WHERE change = " + change + " + 1"), "1");
  cluster({"undo", "change", change});
  cluster({"set", "host", "vm", "v1", "mem=1G"});
  EXPECT_EQ(cluster({"dump"}), before);
  const auto last = sql("SELECT max(id) FROM change");
  cluster({"set", "host", "gpu", "v1", "gpupci", "02:00.0"});  // the card that it has
  cluster({"set", "host", "vm", "v1", "cpus=1"});
  EXPECT_EQ(sql("SELECT max(id) FROM change"), last);
}

TEST_F(History, UndoRefusesWhatWasChangedSinceOrIsNotKnown) {
  cluster({"add", "host", "n1", "rack=1"});
  cluster({"set", "host", "n1", "rack=2"});
  cluster({"set", "host", "n1", "rack=3"});
  const auto before = cluster({"dump"});
  cluster({"undo", "change", "2"}, 1,
          "change 2 cannot be undone: a row of host of 'n1' was changed since");
  cluster({"undo", "change", "99"}, 1, "no change 99 (`cluster list change`)");
  cluster({"undo", "change", "x"}, 2, "'x' is no number of a change");
  cluster({"add", "host", "attr", "n1", "n1_password", "hunter2"});
  cluster({"remove", "host", "attr", "n1", "n1_password"});
  cluster(
      {"undo", "change", sql("SELECT max(id) FROM change")}, 1,
      "change 5 cannot be undone: the history keeps no secrets, and a value of attribute is one");
  EXPECT_EQ(cluster({"dump"}), before);
}

TEST_F(History, HasNoSecret) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "attr", "n1", "n1_password", "hunter2"});
  cluster({"set", "host", "attr", "n1", "n1_password", "value=hunter2x"});
  cluster({"add", "attr", "site_password", "hunter2"});
  cluster({"add", "row", "attribute", "host=n1", "name=api_token", "value=hunter2"});
  for (const auto* name : {"ansible_become_pass", "snmp_community", "PASS", "x_passwort"}) {
    cluster({"add", "attr", name, "hunter2"});
  }
  cluster({"add", "attr", "my_passthrough", "shown"});
  EXPECT_EQ(sql("SELECT count(*) FROM change_row WHERE after LIKE '%shown%'"), "1");
  EXPECT_EQ(cluster({"list", "change", "format=json"}).find("hunter2"), std::string::npos);
  EXPECT_EQ(
      sql("SELECT count(*) FROM change_row WHERE before LIKE '%hunter%' OR after LIKE '%hunter%'"),
      "0");
  EXPECT_EQ(cmd::without_secrets({"set", "x", "password=hunter2", "api_key=hunter2", "b c"}),
            "set x password=... api_key=... 'b c'");
}

TEST_F(History, IsForgottenAfterTheDaysThatTheSiteSays) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "n2"});
  Places::connect(place)->run("UPDATE change SET at = '2020-01-01T00:00:00Z' WHERE id = 1");
  cluster({"add", "host", "n3"});
  EXPECT_EQ(sql("SELECT count(*) || ' from ' || min(id) FROM change"), "2 from 2");
  EXPECT_EQ(sql("SELECT count(*) FROM change_row"), "2");
}

}  // namespace
}  // namespace cluster
