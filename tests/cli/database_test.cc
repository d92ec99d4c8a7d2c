#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "core/file.h"
#include "core/text.h"
#include "db/sqlite_engine.h"
#include "tests/support/full_inventory.h"
#include "tests/support/story.h"

// The whole inventory: out as commands and in again, saved, restored and looked at.
namespace cluster {
namespace {

class WholeInventory : public Story {
 protected:
  void fill() {
    cluster({"add", "host", "first"});
    cluster({"remove", "host", "first"});
    Places::connect(place)->run(std::string(kFullInventory));
  }

  std::string write(const char* name, const std::string& text) const {
    replace_file(folder.path() / name, text);
    return (folder.path() / name).native();
  }

  // What is wrong with the inventory. A server may remark how it is set up, too.
  std::string checked(int status = 0) {
    const auto result = run({"check", "database"});
    EXPECT_EQ(result.status, status) << result.err;
    return result.out;
  }

  std::string in_folder(const char* name) const { return (folder.path() / name).native(); }
};

TEST_F(WholeInventory, IsTheSameAfterDumpAndLoad) {
  fill();
  const auto dumped = cluster({"dump"});
  EXPECT_NE(dumped.find("cluster add row gpu host=n1 name=gpupci1 pci=pci_0000_02_00_0"),
            std::string::npos);
  const auto commands = write("dump.sh", dumped);
  const auto db = "db=" + in_folder("loaded.db");
  EXPECT_EQ(cluster({"load", commands, db}), "");
  EXPECT_EQ(cluster({"dump", db}), dumped);
  EXPECT_EQ(cluster({"check", "database", db}, 1),
            "roll gpupt 0.9: no folder '" + in_folder("rolls/gpupt-0.9") + "'\n" +
                "roll gpupt 1.0: no folder '" + in_folder("rolls/gpupt-1.0") + "'\n");
}

TEST_F(WholeInventory, TakesInTheInventoryOfANeighbour) {
  const auto dump = write("rocks.sh",
                          "/opt/rocks/bin/rocks \"add host\" h-0-1 rack=0 rank=1 "
                          "membership=VM\\ Container\n"
                          "/opt/rocks/bin/rocks \"add host\" vm-0-1 cpus=4 "
                          "membership=Hosted\\ VM\n"
                          "/opt/rocks/bin/rocks add host interface vm-0-1 eth0\n"
                          "/opt/rocks/bin/rocks set host interface vlan vm-0-1 eth0 2\n"
                          "/opt/rocks/bin/rocks set host vm vm-0-1 physnode='h-0-1' mem='2048' "
                          "disk='file:/vm/a.vda,vda,virtio' disksize='20'\n"
                          "/opt/rocks/bin/rocks add host attr vm-0-1 gpupci pci_0000_02_00_0\n"
                          "/opt/rocks/bin/rocks add host attr h-0-1 gpupci1 pci_0000_02_00_0\n"
                          "/opt/rocks/bin/rocks add attr title 'two words'\n"
                          "/opt/rocks/bin/rocks set host boot vm-0-1 action=os\n");
  const auto dryrun = run({"load", dump, "format=rocks", "dryrun=yes"});
  EXPECT_NE(dryrun.out.find("cluster add attr title 'two words'\n"), std::string::npos)
      << dryrun.out;
  EXPECT_NE(dryrun.err.find("cluster: no place for line 9: /opt/rocks/bin/rocks set host boot"),
            std::string::npos)
      << dryrun.err;
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(run({"load", dump, "format=rocks"}).status, 0);
  EXPECT_EQ(cluster({"list", "host", "gpu"}),
            "HOST    GPU     PCI_BUS\n"
            "h-0-1:  gpupci1 pci_0000_02_00_0\n"
            "vm-0-1: gpupci  pci_0000_02_00_0\n");
  const auto again = run({"load", dump, "format=rocks"});
  EXPECT_EQ(again.status, 1) << "it is there already";
  EXPECT_NE(again.err.find("cluster: line 1: host 'h-0-1' is in"), std::string::npos) << again.err;
  cluster({"load", dump, "format=cobbler"}, 2,
          "format='cobbler': want ansible, hosts, rocks, ssh-config, warewulf, xcat");
}

TEST_F(WholeInventory, AFileAsksNoHostAndHoldsNoNameThatIsNone) {
  cluster({"add", "host", "n1"});
  cluster({"add", "host", "vm", "v1", "n1"});
  const auto before = cluster({"dump"});
  const auto asks = run({"load", write("asks.sh",
                                       "add host n2\n"
                                       "add host vm v2 n1 from=libvirt\n")});
  EXPECT_EQ(asks.status, 1) << asks.err;
  EXPECT_NE(asks.err.find("line 2: "), std::string::npos) << asks.err;
  for (const auto* name : {"'a b'", "''", "../x", "'x;y'"}) {
    const auto row = "add row host appliance=compute name=" + std::string(name) + "\n";
    EXPECT_EQ(run({"load", write("row.sh", row)}).status, 2) << name;
  }
  EXPECT_EQ(cluster({"dump"}), before);
}

// Of a backup that failed, say: it must not look as if all were well.
TEST_F(WholeInventory, AFileWithoutACommandIsNoInventory) {
  for (const auto* text : {"", "\n\n", "# cluster add host n1\n", "  \t\n#", "\xef\xbb\xbf"}) {
    const auto empty = write("empty.sh", text);
    for (const auto* dryrun : {"no", "yes"}) {
      cluster({"load", empty, "dryrun=" + std::string(dryrun)}, 1,
              "no command is in '" + empty + "' (want what `cluster dump` prints, or format=)");
    }
    EXPECT_FALSE(std::filesystem::exists(file)) << text;
  }
}

TEST_F(WholeInventory, ARowHoldsWhatACommandWouldHaveStored) {
  cluster({"add", "host", "n1"});
  const auto before = cluster({"dump"});
  const std::string host = "add row host appliance=compute name=";
  for (const auto& row :
       {host + "all", host + "rack7", host + "compute", host + "gpus", host + "n2 address=-oX",
        host + "n2 address=1.2.3", host + "n2 user=-x", host + "n2 maintenance='a\nb'",
        std::string("add row gpu host=n1 name=gpupci1x pci=pci_0000_02_00_0"),
        std::string("add row gpu host=n1 name=gpupci1 pci=pci_0000_zz_00_0"),
        "add row attribute value=x name=" + std::string(300, 'a'),
        "add row attribute name=x value=" + std::string(70000, 'a')}) {
    EXPECT_EQ(run({"load", write("row.sh", row + "\n")}).status, 2) << row.substr(0, 80);
    std::vector<std::string> words;
    for (const auto word : split(row, ' ')) words.emplace_back(word);
    if (row.find('\'') != std::string::npos) continue;
    EXPECT_EQ(run(words).status, 2) << row.substr(0, 80);
  }
  cluster({"load", write("half.sh", "add row host name=v1 appliance=vm\n")}, 1,
          "the file has no row of table 'vm' for VM 'v1'");
  cluster({"add", "attr", std::string(300, 'a'), "x"}, 2,
          "the name has 300 bytes: want 255 at the most");
  EXPECT_EQ(cluster({"dump"}), before);
}

TEST_F(WholeInventory, NamesOfOldThatMeanSomethingElseAreTold) {
  cluster({"add", "host", "n1"});
  Places::connect(place)->run("UPDATE host SET name = 'free'");
  EXPECT_EQ(checked(1), "host name 'free' means a group of hosts: want another\n");
}

TEST_F(WholeInventory, FilesOfOtherEditorsAreRead) {
  cluster({"load", write("bom.sh",
                         "\xef\xbb\xbf"
                         "add host n1\r\nadd host n2\r\n")});
  cluster({"load",
           write("bom.hosts",
                 "\xef\xbb\xbf"
                 "10.0.0.3 n3\r\n10.0.0.4 n4\r\n"),
           "format=hosts"});
  EXPECT_EQ(cluster({"expand", "host"}), "n1\nn2\nn3\nn4\n");
  const auto wide = write("wide.sh", std::string("\xff\xfe"
                                                 "a\0",
                                                 4));
  cluster({"load", wide}, 2, "'" + wide + "' is UTF-16: want UTF-8");
}

TEST_F(WholeInventory, ADryRunTriesTheCommandsAndChangesNothing) {
  const auto commands = write("site.sh", "add host n1\nadd host attr other a b\n");
  cluster({"load", commands, "dryrun=yes"}, 1, "line 2: host 'other' is not in the inventory");
  EXPECT_FALSE(std::filesystem::exists(file));
  cluster({"add", "host", "other"});
  const auto before = cluster({"dump"});
  EXPECT_EQ(cluster({"load", commands, "dryrun=yes"}), "");
  EXPECT_EQ(cluster({"dump"}), before);
  const auto hosts = write("hosts", "10.0.0.1 n1\n10.0.0.2 other\n");
  const auto tried = run({"load", hosts, "format=hosts", "dryrun=yes"});
  EXPECT_EQ(tried.status, 1) << tried.err;
  EXPECT_EQ(tried.err, "cluster: line 2: host 'other' is in the inventory already\n");
  EXPECT_EQ(cluster({"dump"}), before);
}

TEST_F(WholeInventory, UnusableNamesOfANeighbourAreAllListedAndTheOthersCome) {
  const auto hosts = write("hosts", "10.0.0.1 gpu\n10.0.0.2 n2\n10.0.0.3 free\n10.0.0.4 a!b\n");
  const auto loaded = run({"load", hosts, "format=hosts"});
  EXPECT_EQ(loaded.status, 0);
  EXPECT_EQ(loaded.err,
            "cluster: no place for line 1: host name 'gpu' is a word of commands: want another\n"
            "cluster: no place for line 3: host name 'free' means a group of hosts: want another\n"
            "cluster: no place for line 4: not a host name: 'a!b' (want letters, digits, hyphens "
            "and _: vm-container-0-15)\n");
  EXPECT_EQ(cluster({"expand", "host"}), "n2\n");
}

TEST_F(WholeInventory, ACopyReplacesNothingButAPlainFile) {
  cluster({"add", "host", "n1"});
  const auto link = in_folder("link");
  std::filesystem::create_symlink("nowhere", link);
  for (const std::string& there : {link, folder.path().native()}) {
    cluster({"save", "database", there, "overwrite=yes"}, 2,
            "'" + there + "' is no plain file (want a name for the copy)");
  }
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  cluster({"restore", "database", folder.path().native()}, 2,
          "'" + folder.path().native() +
              "' is no plain file (want what `cluster save database` "
              "made)");
  for (const auto* db : {":memory:", "file:x.db?mode=memory"}) {
    cluster({"add", "host", "n2", "--db", db}, 2,
            "--db: '" + std::string(db) + "' is no inventory (want the path of a file)");
  }
}

// No file of that name is made: it would be an inventory that nobody means.
TEST_F(WholeInventory, WhatLooksLikeAPlaceOfAnotherKindIsNoFile) {
  const std::string want =
      " is no inventory (want postgresql://HOST/DATABASE, service=NAME, or the path of a file: "
      "./NAME)";
  for (const std::string db : {"host=/tmp dbname=x password=geheim", "dbname=x", "postgresql:x",
                               "postgresql:/x", "sqlite:x.db", "C:\\x.db"}) {
    const auto shown = db.substr(0, db.find_first_of("=:") + 1) + "...";
    cluster({"add", "host", "n2", "--db", db}, 2, "--db: '" + shown + "'" + want);
  }
  cluster({"add", "host", "n2", "--db", "~/x.db"}, 2,
          "--db: '~/x.db': only a shell knows the home that ~ means (want the whole path)");
  for (const std::string db : {" ", " x.db", "x.db ", "x\ny.db"}) {
    EXPECT_EQ(run({"add", "host", "n2", "--db", db}).status, 2) << db;
  }
  cluster({"add", "host", "n1", "--db", in_folder("a=b:c.db")});
}

TEST_F(WholeInventory, TakesOrdinaryCommandsFromAFileToo) {
  const auto commands = write("site.sh",
                              "# our site\n"
                              "cluster add host n1 rack=1 rank=2\n"
                              "add host gpu n1 gpupci1 0000:02:00.0\n"
                              "add host vm v1 n1 mem=1024 cpus=1 uuid=01234567-89ab-cdef-0123-"
                              "456789abcdef\n"
                              "add host gpu v1 gpupci gpupci1\n"
                              "set host attr v1 site 'two\nlines'\n");
  cluster({"load", commands});
  EXPECT_EQ(cluster({"list", "host", "gpu"}),
            "HOST GPU     PCI_BUS\n"
            "n1:  gpupci1 pci_0000_02_00_0\n"
            "v1:  gpupci  pci_0000_02_00_0\n");
}

TEST_F(WholeInventory, OneWrongLineChangesNothing) {
  cluster({"add", "host", "n0"});
  const auto before = cluster({"dump"});
  const auto refused = [&](const std::string& last, const std::string& error, int status) {
    const auto commands =
        write("wrong.sh", "add host n1\n\nadd row attribute name=a value='x\ny'\n" + last);
    cluster({"load", commands}, status, error);
    EXPECT_EQ(cluster({"dump"}), before) << last;
  };
  refused("add host n1", "line 5: host 'n1' is in the inventory already", 1);
  refused("add row gpu host=n7 name=gpupci1 pci=pci_0000_02_00_0",
          "line 5: row of 'gpu': what it belongs to is not there (gpu_host_fkey)", 1);
  refused(
      "run host n0 reboot",
      "line 5: 'run host n0 reboot' is no command for a file: want one that adds to, sets in or "
      "removes from the inventory alone",
      2);
  refused("add host n2; reboot", "line 5: a shell would not take ';' as it is (want quotes)", 2);
  refused("add host n2 db=/tmp/other.db", "line 5: neither help nor db= may be in a file", 2);
  refused("add row host",
          "line 5: add row: COLUMN=VALUE is required (see `cluster add row --help`)", 2);
  refused("add row host name", "line 5: 'name' is no COLUMN=VALUE", 2);
  EXPECT_NE(run({"load", in_folder("none")}).err.find("no file"), std::string::npos);
}

TEST_F(WholeInventory, ARowAmongHundredsIsRefusedByItsLine) {
  cluster({"add", "host", "n0"});
  const auto before = cluster({"dump"});
  const auto rows = [](int wrong) {
    std::string text;
    for (int line = 1; line <= 250; ++line) {
      text += "add row host appliance=compute name=n" + std::to_string(line == wrong ? 7 : line);
      text += "\n";
    }
    return text;
  };
  for (const auto* last : {"", "add row host appliance=compute name=n999 rack=x\n",
                           "set host n1 rack=1\n", "add row nothing a=b\n", "add row host\n"}) {
    const auto [out, err, status] = run({"load", write("rows.sh", rows(130) + last)});
    EXPECT_EQ(err.find("cluster: line 130: row of 'host': it is there already ("), 0U) << err;
    EXPECT_EQ(status, 1);
    EXPECT_EQ(cluster({"dump"}), before);
  }
  cluster({"load", write("rows.sh", rows(0) + "set host n250 rack=7\n")});
  EXPECT_EQ(cluster({"list", "host", "rack7", "format=csv", "columns=host"}), "host\nn250\n");
}

TEST_F(WholeInventory, AWrongQuoteDoesNotEvenMakeAFile) {
  cluster({"load", write("wrong.sh", "add host 'n1")}, 2, "line 1: a quote (') is not closed");
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(WholeInventory, ASavedCopyIsPutBackAndTheOtherIsKept) {
  fill();
  const auto before = cluster({"dump"});
  const auto saved = in_folder("saved.db");
  cluster({"save", "database", saved});
  struct stat found {};
  ASSERT_EQ(stat(saved.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  cluster({"save", "database", saved}, 1, "'" + saved + "' is there already (want overwrite=yes)");
  cluster({"save", "database", saved, "overwrite=yes"});
  cluster({"save", "database", file.native(), "overwrite=yes"}, 2,
          "'" + file.native() + "' is the inventory itself");
  cluster({"add", "host", "late"});
  const auto after = cluster({"dump"});
  const auto restored = run({"restore", "database", saved, "db=" + file.native()});
  EXPECT_EQ(restored.status, 0) << restored.err;
  EXPECT_EQ(cluster({"dump"}), before);
  const auto kept = restored.err.substr(restored.err.find('\'') + 1);
  EXPECT_EQ(cluster({"dump", "db=" + kept.substr(0, kept.find('\''))}), after);
  // Within the same second, too.
  EXPECT_EQ(run({"restore", "database", saved, "db=" + file.native()}).status, 0);
  EXPECT_EQ(cluster({"dump", "db=" + kept.substr(0, kept.find('\''))}), after);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_EQ(entry.path().native().find(".new-"), std::string::npos) << entry.path();
  }
}

TEST_F(WholeInventory, ADamagedOneIsReplacedAndADamagedCopyIsNot) {
  fill();
  const auto before = cluster({"dump"});
  const auto saved = in_folder("saved.db");
  cluster({"save", "database", saved});
  const auto bad = write("bad.db",
                         "no database at all, but long enough to look at its header ......"
                         "................................................");
  const auto db = "db=" + file.native();
  cluster({"restore", "database", bad, db}, 1,
          "inventory '" + bad + "': is not an inventory (not an SQLite file)");
  EXPECT_EQ(cluster({"dump"}), before);
  std::ofstream(file, std::ios::trunc)
      << "garbage instead of an inventory, long enough for a header "
         "of a hundred bytes, which this text now has by far";
  std::filesystem::remove(file.native() + "-wal");
  EXPECT_EQ(run({"dump"}).status, 1);
  EXPECT_EQ(run({"restore", "database", saved, db}).status, 0);
  EXPECT_EQ(cluster({"dump"}), before);
}

TEST_F(WholeInventory, WhatIsNotWholeIsSaid) {
  cluster({"add", "host", "n1"});
  EXPECT_EQ(checked(), "");
  db::open_sqlite(file)->run(
      "PRAGMA foreign_keys = OFF; INSERT INTO host_key VALUES "
      "('gone', 'ssh-rsa', 'AAAA', '')");
  EXPECT_EQ(checked(1), "a row of host_key (rowid 1) belongs to nothing in host\n");
}

}  // namespace
}  // namespace cluster
