#include "ssh/refusal.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace cluster::ssh {
namespace {

constexpr std::string_view kPenalty = "Not allowed at this time";
constexpr std::string_view kCrowded = "Exceeded MaxStartups";

bool is_in(std::string_view text, std::string_view piece) {
  return text.find(piece) != std::string_view::npos;
}

bool tells_of_end(std::string_view line) {
  return is_in(line, "Connection closed by ") || is_in(line, "Connection reset by ");
}

// "kex_exchange_identification: Connection closed by remote host": before the server's version.
bool tells_of_early_end(std::string_view line) {
  return is_in(line, "exchange_identification: ") && tells_of_end(line);
}

std::string_view last_line_of(std::string_view text) {
  text = trim(text);
  const auto end = text.rfind('\n');
  return end == std::string_view::npos ? text : text.substr(end + 1);
}

// A line of `ssh` when it gives up, before or in its login.
bool is_complaint(std::string_view line) {
  constexpr std::array kBegin{"ssh: ",
                              "Connection ",
                              "Received disconnect",
                              "Disconnected from ",
                              "Unable to negotiate",
                              "Bad ",
                              "Timeout, ",
                              "channel ",
                              "command-line",
                              "percent_expand",
                              "stdio forwarding"};
  constexpr std::array kWithin{"exchange", "bad configuration options", "invalid", "rror"};
  return std::ranges::any_of(kBegin,
                             [line](const char* words) { return line.starts_with(words); }) ||
         std::ranges::any_of(kWithin, [line](const char* words) { return is_in(line, words); });
}

}  // namespace

Refusal refusal_of_greeting(std::string_view first_bytes) {
  if (first_bytes.starts_with(kPenalty)) return Refusal::penalty;
  return first_bytes.starts_with(kCrowded) ? Refusal::momentary : Refusal::final;
}

Refusal refusal_of_ssh(const std::vector<std::string>& log, std::string_view err,
                       bool has_sent_key_exchange, bool has_begun_login, bool is_jump) {
  if (has_begun_login) return Refusal::final;
  const bool is_early = std::ranges::any_of(log, tells_of_early_end);
  const bool is_before_login = has_sent_key_exchange && std::ranges::any_of(log, tells_of_end);
  if (!is_early && !is_before_login) return Refusal::final;
  if (is_in(err, kPenalty)) return Refusal::penalty;
  // The way to the host has ended. When what leads there complains of something else, that is why.
  if (trim(err).empty()) return Refusal::momentary;
  constexpr std::array kFinal{"Permission denied", "Host key verification failed", "open failed",
                              "Too many authentication failures"};
  if (std::ranges::any_of(kFinal, [err](const char* words) { return is_in(err, words); })) {
    return Refusal::final;
  }
  // What fails in the `ssh` to a jump host is in its last line; a banner comes before that.
  if (is_jump && !is_complaint(last_line_of(err))) return Refusal::momentary;
  return tells_of_end(err) ? Refusal::momentary : Refusal::final;
}

std::string tried_words(int tries) {
  return "tried " + std::to_string(tries) +
         " times: it takes no more logins at the moment (MaxStartups in its sshd_config), or none "
         "from here";
}

std::string penalty_words(const std::string& place, bool is_behind_jump_host) {
  const std::string whose = is_behind_jump_host ? "its jump host's" : "this machine's";
  return "the sshd at " + place + " turns " +
         (is_behind_jump_host ? "the address of its jump host" : "this address") +
         " away for a while: logins from " + (is_behind_jump_host ? "there" : "here") +
         " failed, or were broken off, too often (PerSourcePenalties), or too many are at its door"
         " (MaxStartups); wait, or name " +
         whose + " address as PerSourcePenaltyExemptList ADDRESS in its sshd_config";
}

}  // namespace cluster::ssh
