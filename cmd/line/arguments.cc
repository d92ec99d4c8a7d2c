#include "cmd/line/arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <vector>

#include "core/error.h"
#include "core/text.h"

// This file alone knows CLI11, since each unit that includes it takes seconds to compile.
namespace cluster::cmd {
namespace {

constexpr char kShield = '\x1f';

// The spelling of `word` that CLI11 is given. CLI11 reads "[ -f x ]" as a list in brackets, at
// least up to 2.3.
std::string shielded(const std::string& word) {
  const bool list = word.starts_with('[') && word.ends_with(']');
  return list || word.ends_with(kShield) ? word + kShield : word;
}

// A CLI::Validator changes the word, and returns an error. This one returns none.
std::string take_off_shield(std::string& word) {
  if (word.ends_with(kShield)) word.pop_back();
  return "";
}

// "NAME,--gpu". From 2.4 (Debian 13) on CLI11 refuses a name with a blank, '=' or ':', as in
// COLUMN=VALUE. It is asked for none of its words about them.
std::string name_for_cli11(const Option& option) {
  const bool is_plain = option.name.find_first_of(" =:{") == std::string::npos;
  auto name = is_plain ? option.name : "WORDS";
  if (!option.key.empty()) name += (name.empty() ? "--" : ",--") + option.key;
  return name;
}

CLI::Option* declare(CLI::App& app, const Option& option) {
  auto* declared = std::visit(
      [&](auto* variable) {
        return app.add_option(name_for_cli11(option), *variable, option.help);
      },
      option.variable.pointer);
  declared->required(option.is_required);
  declared->transform(CLI::Validator(take_off_shield, ""));
  return declared;
}

bool has_key(const Options& options, std::string_view key) {
  return !key.empty() && std::ranges::find(options.all(), key, &Option::key) != options.all().end();
}

// Turns every `key=value` and `--key=value` into the two words --key value. So CLI11 gets only one
// spelling, and an empty value ("address=") stays a value.
std::vector<std::string> as_cli11_reads(const Options& options,
                                        std::span<const std::string> words) {
  std::vector<std::string> out;
  bool literal = false;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    const auto first = word.starts_with("--") ? 2U : 0U;
    const auto key = word.substr(first, equals == std::string::npos ? equals : equals - first);
    literal = literal || word == "--";
    if (literal || equals == std::string::npos || !has_key(options, key)) {
      out.push_back(shielded(word));
    } else {
      out.push_back("--" + key);
      out.push_back(shielded(word.substr(equals + 1)));
    }
  }
  std::ranges::reverse(out);  // CLI11 takes its words from the back
  return out;
}

}  // namespace

bool read_arguments(const Options& options, std::span<const std::string> words) {
  CLI::App app;
  app.set_help_flag("-h,--help");
  std::vector<CLI::Option*> declared;
  for (const auto& option : options.all()) declared.push_back(declare(app, option));
  try {
    app.parse(as_cli11_reads(options, words));
  } catch (const CLI::CallForHelp&) {
    return false;
  } catch (const CLI::RequiredError&) {
    // CLI11 would say "--value" for `CARD`; the usage line has the right name.
    for (std::size_t i = 0; i < declared.size(); ++i) {
      const auto& option = options.all()[i];
      if (!option.is_required || declared[i]->count() > 0) continue;
      throw Error(Fault::usage,
                  (option.name.empty() ? option.key + "=" : option.name) + " is required");
    }
    throw Error(Fault::usage, "something is required");
  } catch (const CLI::ExtrasError&) {
    throw Error(Fault::usage, "not expected: " + quote(joined(app.remaining(), " ")));
  } catch (const CLI::ArgumentMismatch&) {
    for (std::size_t i = 0; i < declared.size(); ++i) {
      const auto& option = options.all()[i];
      if (option.variable.is_list() || declared[i]->count() < 2) continue;
      throw Error(Fault::usage, (option.key.empty() ? option.name : option.key + "=") +
                                    " is given more than once");
    }
    // Only the last word can be a key whose value is not behind it.
    throw Error(Fault::usage,
                words.empty() ? "a value is missing" : words.back() + " wants a value");
  } catch (const CLI::ParseError& error) {
    std::string why = error.what();
    std::ranges::replace(why, '\n', ' ');
    throw Error(Fault::usage, std::string(trim(why)));
  }
  return true;
}

}  // namespace cluster::cmd
