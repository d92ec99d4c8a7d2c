# shellcheck shell=bash
# A real sshd for a test. start_sshd ADDRESS... runs one on these addresses, with a port of its own, in the folder in
# which the test works. This folder is the home of the user who logs in, so no .bashrc of this machine prints anything.
# It sets `port`; the test ends it with stop_sshd. The host key is host_key; the key that may log in is id. A test
# sources this file.

sshd_pid=
port=
# Options of sshd that a test adds, such as (-o 'AcceptEnv=*').
sshd_options=()

# start_sshd AUTHORIZED_KEYS ADDRESS...
start_sshd() {
  local keys=$1 address last
  shift
  ssh-keygen -q -t ed25519 -N '' -f host_key
  ssh-keygen -q -t ed25519 -N '' -f id
  [[ -e $keys ]] || cp id.pub "$keys"
  mkdir -p /run/sshd 2>/dev/null || true  # sshd as root wants it
  local -a listen=()
  for address in "$@"; do
    listen+=(-o "ListenAddress=$address")
    last=$address
  done
  for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    /usr/sbin/sshd -D -e -f /dev/null -o "Port=$port" "${listen[@]}" -o HostKey="$PWD/host_key" \
      -o AuthorizedKeysFile="$PWD/$keys" -o PidFile=none -o UsePAM=no -o StrictModes=no -o SetEnv="HOME=$PWD" "${sshd_options[@]}" 2>sshd.log &
    sshd_pid=$!
    for _ in {1..50}; do
      if grep -q "Server listening on $last" sshd.log; then return 0; fi
      kill -0 "$sshd_pid" 2>/dev/null || break  # the port was taken
      sleep 0.1
    done
  done
  echo "sshd does not start: $(tail -n 3 sshd.log)" >&2
  return 1
}

stop_sshd() { [[ -z $sshd_pid ]] || kill "$sshd_pid" 2>/dev/null || true; }

# write_ssh_config: writes the file ssh_config, by which `cluster` finds the server.
write_ssh_config() {
  cat >ssh_config <<END
Host *
  Port $port
  User $(id -un)
  IdentityFile $PWD/id
  UserKnownHostsFile $PWD/known_hosts
END
}
