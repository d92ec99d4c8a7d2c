#include "node-agent/run.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "core/version.h"
#include "node-agent/cards.h"
#include "node-agent/json.h"
#include "node-agent/lock.h"
#include "node-agent/options.h"
#include "node-agent/sentences.h"
#include "node-agent/signal_hold.h"
#include "node-agent/transaction.h"
#include "node-agent/worker.h"

namespace cluster::agent {
namespace {

class Program {
 public:
  Program(Options options, std::ostream& out, std::ostream& err, const Host& host)
      : options_(std::move(options)),
        out_(out),
        err_(err),
        host_(host),
        mode_(options_.dry_run ? virt::Mode::rehearse : virt::Mode::act),
        settings_(load_settings(host.settings)),
        sysfs_(host.sysfs) {}

  int run() {
    auto cards = find_cards(sysfs_, settings_);
    if (options_.action == Action::list) return list(cards);
    if (cards.empty() && options_.target == "all") throw Error(Fault::not_found, no_cards());
    if (!pick(cards)) {
      err_ << "GPU card " << options_.target << " not found\n";  // the ancestor's sentence
      return exit_status(Fault::not_found);
    }
    return options_.action == Action::status ? status(cards) : act();
  }

 private:
  int list(const std::vector<Card>& cards) {
    if (options_.json) {
      out_ << cards_json(cards);
    } else {
      for (const auto& card : cards) out_ << list_line(card);
    }
    return 0;
  }

  int status(const std::vector<Card>& cards) {
    if (options_.json) {
      out_ << cards_json(cards);
    } else {
      for (const auto& card : cards) out_ << status_lines(card);
    }
    return 0;
  }

  int act() {
    std::unique_ptr<Lock> lock;
    if (mode_ == virt::Mode::act) {
      lock = std::make_unique<Lock>(host_.lock, host_.lock_patience);
    }
    auto cards = find_cards(sysfs_, settings_);  // as they are now that nobody else changes them
    if (!pick(cards)) throw Error(Fault::not_found, options_.target + " has just gone");

    SavedDrivers saved(host_.saved_drivers);
    std::vector<std::string> steps;
    const auto on_step = [&steps](const std::string& step) { steps.push_back(step); };
    Worker worker(
        [this](virt::StepListener listener) {
          return host_.open_devices(sysfs_, settings_, mode_, std::move(listener));
        },
        host_.act_deadline, on_step);
    Tools tools{sysfs_, settings_, saved, worker, on_step, mode_};

    std::vector<CardReport> reports;
    for (const auto& card : cards) {
      const SignalHold hold;
      auto report = options_.action == Action::detach ? detach_card(card, cards, tools)
                                                      : attach_card(card, tools);
      report.steps = std::exchange(steps, {});
      tell(report);
      reports.push_back(std::move(report));
    }
    if (options_.json) {
      out_ << outcome_json(verb(), mode_, worker.through(), reports);
    }
    const bool all = std::ranges::all_of(reports, &std::string::empty, &CardReport::error);
    return all ? 0 : exit_status(Fault::io);
  }

  // One card at a time, so that what was read back is known even if the next card hangs.
  void tell(const CardReport& report) {
    if (!options_.json) out_ << outcome_lines(report, mode_) << std::flush;
    if (!report.error.empty()) {
      err_ << "gpupci: cannot " << verb() << " " << report.name.str() << ": " << report.error
           << "\n";
    }
  }

  std::string verb() const { return options_.action == Action::detach ? "detach" : "attach"; }

  // Leaves only the cards that are asked for; false when there is no such card.
  bool pick(std::vector<Card>& cards) const {
    if (options_.target == "all") return true;
    const GpuName name(options_.target);
    std::erase_if(cards, [&](const Card& card) { return card.name != name; });
    return !cards.empty();
  }

  std::string no_cards() const {
    std::vector<std::string> vendors;
    std::vector<std::string> classes;
    for (const auto id : settings_.vendors) vendors.push_back(hex4(id));
    for (const auto id : settings_.classes) classes.push_back(hex4(id));
    return "no card found on this host (vendors " + joined(vendors, " ") + ", classes " +
           joined(classes, " ") + "; change them in " + host_.settings.native() + ")";
  }

  Options options_;
  std::ostream& out_;
  std::ostream& err_;
  const Host& host_;
  virt::Mode mode_;
  Settings settings_;
  Sysfs sysfs_;
};

int run_options(const Options& options, std::ostream& out, std::ostream& err, const Host& host) {
  if (options.action == Action::help) {
    out << usage();
  } else if (options.action == Action::version) {
    out << "gpupci " << version() << "\n";
  } else {
    return Program(options, out, err, host).run();
  }
  return 0;
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
        const Host& host) {
  try {
    if (arguments.empty()) {
      err << usage();
      return exit_status(Fault::usage);
    }
    const int status = run_options(parse_options(arguments), out, err, host);
    if (!out.flush()) throw Error(Fault::io, "cannot write the answer to standard output");
    return status;
  } catch (const Error& error) {
    err << "gpupci: " << error.what() << "\n";
    return exit_status(error.fault());
  } catch (const std::exception& error) {
    err << "gpupci: internal error: " << error.what() << "\n";
    return kExitBug;
  }
}

}  // namespace cluster::agent
