#!/bin/bash
# security_key_test.sh CLUSTER: keys that a FIDO token holds (ed25519-sk). The token is the one that OpenSSH tests itself
# with, a library that signs as one does. Where ssh gets in, cluster gets in; without the token both say the same.
set -euo pipefail
cluster=$(realpath "$1")
# shellcheck source=tests/ssh/gets_in.sh
. "$(dirname "$0")/gets_in.sh"
token=/usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so
[[ -e $token ]] || skip "no $token: apt-get install openssh-tests"

ssh-keygen -q -t ed25519-sk -w "$token" -N '' -f sk
cp sk.pub authorized_keys
make_host
sed -i "s|IdentityFile .*|IdentityFile $dir/sk|" ssh_config
cp ssh_config plain

# There is no token: the words of ssh are those of cluster.
by_ssh true || true
words=$(sed -n 's/.*\(signing failed.*\)\r*$/\1/p' err | tr -d '\r')
[[ $words == *"device not found"* ]] || fail "ssh says nothing of the device"
stays_out "*because of the security key $dir/sk) failed:*$words*"

# Of several keys it is the last one, which is not asked for where another gets in.
sed -i "s|IdentityFile .*|IdentityFile $dir/id\n  IdentityFile $dir/sk|" ssh_config
stays_out "*because of the security key $dir/sk) failed:*$words*"
cat id.pub >>authorized_keys
gets_in
cp sk.pub authorized_keys
cp plain ssh_config

# Its library is told by the configuration, perhaps by way of the environment.
echo "  SecurityKeyProvider $token" >>ssh_config
gets_in
cp plain ssh_config
# shellcheck disable=SC2016 # ssh is to see it
echo '  SecurityKeyProvider $SSH_SK_PROVIDER' >>ssh_config
SSH_SK_PROVIDER=$token gets_in

# Or the agent has the key.
cp plain ssh_config
export SSH_AUTH_SOCK=$dir/agent
ssh-agent -D -a "$SSH_AUTH_SOCK" -P "$token" >agent.log 2>&1 &
daemon=$!
until [[ -S $SSH_AUTH_SOCK ]]; do sleep 0.1; done
ssh-add -q -S "$token" sk
gets_in
rm sk
gets_in
