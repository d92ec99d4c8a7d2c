#include "db/inventory.h"

#include <optional>
#include <system_error>

#include "core/error.h"
#include "core/text.h"
#include "db/database_file.h"
#include "db/engine.h"
#include "db/open_database.h"
#include "db/outdated_inventory.h"
#include "db/refusals.h"

namespace cluster {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInMemory = ":memory:";

std::string error_text(const std::string& place, const std::string& why) {
  return "inventory " + quote(place) + ": " + why;
}

void make_ready(const fs::path& file, Inventory::Open open) {
  if (file == kInMemory || !db::is_file(file.native())) return;
  db::require_database_file(file);
  if (open == Inventory::Open::create) {
    db::make_database_file(file);
    return;
  }
  if (auto why = db::why_unreadable(file); !why.empty()) throw Error(Fault::io, why);
  std::error_code failure;
  if (!fs::exists(file, failure)) {
    throw Error(Fault::not_found, "no inventory at " + quote(file.native()) +
                                      " (the first `cluster add host` makes it)");
  }
  if (fs::file_size(file, failure) == 0) {
    throw Error(Fault::io,
                "is an empty file, and no inventory (the first `cluster add host` makes "
                "one of it)");
  }
}

// A part of the open transaction, or a transaction of its own. It is undone unless keep() was
// called.
class Part {
 public:
  explicit Part(db::Connection& db) : db_(db), whole_(!db.in_transaction()) {
    if (whole_) {
      db_.begin_write();
    } else {
      db_.run("SAVEPOINT part");
    }
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  ~Part() {
    if (kept_) return;
    if (whole_) {
      db_.roll_back();
      return;
    }
    try {
      undo();
      db_.run("RELEASE SAVEPOINT part");
    } catch (const db::Failure&) {  // the transaction is gone, and this part with it
    }
  }

  void keep() {
    if (whole_) {
      db_.commit();
    } else {
      db_.run("RELEASE SAVEPOINT part");
    }
    kept_ = true;
  }

  // Undoes all changes since the beginning. After that the caller may still read, and nobody else
  // writes.
  void undo() { db_.run("ROLLBACK TO SAVEPOINT part"); }

 private:
  db::Connection& db_;
  bool whole_;
  bool kept_ = false;
};

// A transaction for reading, unless one is already open.
class Reading {
 public:
  explicit Reading(db::Connection& db) : db_(db), whole_(!db.in_transaction()) {
    if (whole_) db_.begin_read();
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() {
    if (whole_) db_.roll_back();
  }

 private:
  db::Connection& db_;
  bool whole_;
};

}  // namespace

bool is_by_constraint(const db::Failure& failure) {
  return failure.why == db::Why::unique || failure.why == db::Why::foreign_key ||
         failure.why == db::Why::check || failure.why == db::Why::rule;
}

std::string outcome_of(const db::Failure& failure) {
  switch (failure.why) {
    case db::Why::unreachable:
      return std::string(failure.what()) + " (nothing was changed: do it again)";
    case db::Why::unknown:
      return std::string(failure.what()) +
             " (it may be done: look, by `cluster list change`, before you do it again)";
    default:
      return failure.what();
  }
}

Fault fault_of(const db::Failure& failure) {
  switch (failure.why) {
    case db::Why::unique:
      return Fault::exists;
    case db::Why::foreign_key:
      return Fault::not_found;
    case db::Why::rule:
      return Fault::refused;
    case db::Why::check:
      return Fault::usage;
    case db::Why::unreachable:
    case db::Why::unknown:
      return Fault::unreachable;
    default:
      return Fault::io;
  }
}

Inventory::Inventory(const std::string& place, Open open) {
  try {
    make_ready(place, open);
    db_ = db::open_database(place);
    if (db_->is_shared() ? open == Open::upgrade : open != Open::as_it_is) {
      db_->migrate();
    } else if (!db_->is_up_to_date()) {
      throw OutdatedInventory(
          Fault::io,
          error_text(place, db_->is_shared()
                                ? "has not the tables of this version: its owner makes them "
                                  "(`cluster upgrade database`)"
                                : "is of an older version: any other command brings it up to "
                                  "date"));
    }
  } catch (const db::Failure& failure) {
    throw Error(fault_of(failure), error_text(place, failure.what()));
  } catch (const OutdatedInventory&) {
    throw;
  } catch (const Error& error) {
    // A place that is not understood may have a password in it.
    if (error.fault() == Fault::not_found || error.fault() == Fault::usage) throw;
    throw Error(error.fault(), error_text(place, error.what()));
  }
}

Inventory::~Inventory() = default;

std::string Inventory::where() const { return db_->where(); }

std::optional<int> Inventory::revision() { return db_->revision(); }

std::string Inventory::read_only() const { return db_->read_only(); }

void Inventory::together(const char* what, const std::function<void()>& work) { write(what, work); }

void Inventory::look_together(const char* what, const std::function<void()>& work) {
  read(what, work);
}

void Inventory::write(const char* what, const std::function<void()>& work, const Explain& explain) {
  const auto refused = [&](const db::Failure& failure) {
    // What is about the file and not about what was asked: a full disk, for one.
    if (failure.why == db::Why::denied || failure.why == db::Why::other) {
      return Error(Fault::io, error_text(where(), failure.what()));
    }
    return Error(fault_of(failure), std::string(what) + ": " + outcome_of(failure));
  };
  try {
    Part part(*db_);
    try {
      work();
      part.keep();
    } catch (const db::Failure& failure) {
      if (!explain || !is_by_constraint(failure)) throw;
      const auto unknown = refused(failure);
      part.undo();
      explain(failure);
      throw unknown;
    }
  } catch (const db::Failure& failure) {
    throw refused(failure);
  }
}

void Inventory::read(const char* what, const std::function<void()>& work) {
  try {
    const Reading reading(*db_);
    work();
  } catch (const db::Failure& failure) {
    if (failure.why == db::Why::other) {
      throw Error(Fault::io, error_text(where(), failure.what()));
    }
    throw Error(fault_of(failure), std::string(what) + ": " + failure.what());
  }
}

}  // namespace cluster
