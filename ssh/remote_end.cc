#include "ssh/remote_end.h"

#include <cstddef>

namespace cluster::ssh {
namespace {

constexpr std::string_view kGone = "rollcall gone";
constexpr std::string_view kLeft = "rollcall left";
constexpr std::size_t kMostOutput = 65536;

}  // namespace

// It stands in single quotes for any login shell: it has no quote of that kind, no backslash and no
// line end, and no exclamation mark (csh). The fields of /proc/PID/stat after the name are state,
// parent, group and session (proc(5)); the name may have anything in it. A session that a process
// of these has begun is one of them: sudo makes one (use_pty), and so do script and setsid. What
// sudo runs is ended by sudo.
const std::string kEndingCommand =
    "sh -c '"
    "stat() { read -r l 2>/dev/null </proc/$1/stat || return 1; "
    "set -- ${l##*) }; state=$1 parent=$2 session=$4; }; "
    "is_ours() { case \" $ids \" in *\" $1 \"*) ;; *) return 1;; esac; }; "
    "follow() { more=1; while [ -n \"$more\" ]; do more=; for f in /proc/[0-9]*; do p=${f#/proc/}; "
    "stat $p && [ $session = $p ] || continue; is_ours $p && continue; "
    "stat $parent && is_ours $session && ids=\"$ids $p\" && more=1; done; done; }; "
    "look() { all=; spared=; for f in /proc/[0-9]*; do p=${f#/proc/}; stat $p || continue; "
    "is_ours $session || continue; "
    "case $state in Z|X) continue;; esac; all=\"$all $p\"; "
    "read -r c 2>/dev/null <$f/comm || c=; case $c in sudo) sudo=1;; "
    "gpupci|apt|apt-get|dpkg*|rpm|dnf*|yum|zypper|"
    "update-initramf|mkinitramfs|dracut) spared=1;; esac; done; }; "
    "send() { kill -s $1 $all 2>/dev/null || [ -z \"$sudo\" ] || "
    "sudo -n sh -c \"kill -s $1 $all\" </dev/null >/dev/null 2>&1; }; "
    "rest() { n=0; while look; [ -n \"$all\" ] && [ $n -lt $1 ]; do n=$((n+1)); "
    "sleep 0.1 2>/dev/null || sleep 1; done; }; "
    "stat $$ || exit 1; mine=$session; stat $mine || exit 1; up=$parent; "
    "read -r c </proc/$up/comm || exit 1; case $c in sshd*) ;; *) exit 1;; esac; "
    "ids=; for f in /proc/[0-9]*; do p=${f#/proc/}; [ $p = $mine ] && continue; "
    "stat $p || continue; [ $parent = $up ] && [ $session = $p ] && ids=\"$ids $p\"; done; "
    "sudo=; follow; look; [ -z \"$all\" ] || send TERM; rest 30; "
    "if [ -n \"$all\" ] && [ -z \"$spared\" ]; then follow; look; "
    "[ -z \"$all\" ] || send KILL; rest 20; fi; "
    "[ -z \"$all\" ] || { echo rollcall left; exit; }; stat 1 && echo rollcall gone'";

Ending read_ending(std::string_view output) {
  if (output.find(kGone) != std::string_view::npos) return Ending::gone;
  if (output.find(kLeft) != std::string_view::npos) return Ending::left;
  return Ending::unknown;
}

std::string fate(Ending ending, bool has_closed) {
  if (ending == Ending::gone) return "it was ended there";
  if (ending == Ending::left) return "it was told to end, but runs there still";
  return has_closed
             ? "it was sent TERM and ended, but what it had started may still be running there"
             : "it was sent TERM, but may still be running there";
}

RemoteEnd::RemoteEnd(const LibSsh& libssh, ssh_session session)
    : libssh_(libssh), session_(session) {
  callbacks_.size = sizeof(callbacks_);
  callbacks_.userdata = this;
  callbacks_.channel_data_function = [](ssh_session, ssh_channel, void* data, std::uint32_t size,
                                        int is_stderr, void* self) {
    auto& said = static_cast<RemoteEnd*>(self)->said_;
    if (is_stderr == 0 && said.size() < kMostOutput) said.append(static_cast<char*>(data), size);
    return static_cast<int>(size);
  };
  callbacks_.channel_close_function = [](ssh_session, ssh_channel, void* self) {
    static_cast<RemoteEnd*>(self)->has_closed_ = true;
  };
  channel_ = libssh_.ssh_channel_new(session_);
  if (channel_ != nullptr) libssh_.ssh_set_channel_callbacks(channel_, &callbacks_);
}

Ending RemoteEnd::advance() {
  if (channel_ == nullptr) return Ending::unknown;
  if (!is_open_) {
    const int code = libssh_.ssh_channel_open_session(channel_);
    if (code != SSH_OK) return code == SSH_AGAIN ? Ending::asking : Ending::unknown;
    is_open_ = true;
  }
  if (!is_running_) {
    const int code = libssh_.ssh_channel_request_exec(channel_, kEndingCommand.c_str());
    if (code != SSH_OK) return code == SSH_AGAIN ? Ending::asking : Ending::unknown;
    is_running_ = true;
  }
  const auto ending = read_ending(said_);
  return ending == Ending::unknown && !has_closed_ ? Ending::asking : ending;
}

}  // namespace cluster::ssh
