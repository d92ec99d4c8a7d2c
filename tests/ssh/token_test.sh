#!/bin/bash
# token_test.sh CLUSTER: keys in a token of PKCS#11 (PKCS11Provider), which SoftHSM is, and which wants a PIN. Where ssh
# gets in without a question, cluster gets in, and where it does not, it says what helps.
set -euo pipefail
cluster=$(realpath "$1")
# shellcheck source=tests/ssh/gets_in.sh
. "$(dirname "$0")/gets_in.sh"
for tool in softhsm2-util pkcs11-tool; do
  command -v "$tool" >/dev/null || skip "no $tool: apt-get install softhsm2 opensc"
done
token=/usr/lib/softhsm/libsofthsm2.so

mkdir tokens
echo "directories.tokendir = $dir/tokens" >softhsm2.conf
export SOFTHSM2_CONF=$dir/softhsm2.conf
softhsm2-util --init-token --free --label rollcall --pin 1234 --so-pin 5678 >tool.log
pkcs11-tool --module "$token" --login --pin 1234 --keypairgen --key-type EC:prime256v1 --id 01 >>tool.log 2>&1
ssh-keygen -D "$token" >authorized_keys
make_host
sed -i 's|IdentityFile .*|IdentityFile none|' ssh_config
cp ssh_config plain

# A PIN is asked for by nobody: the agent has to have it.
echo "  PKCS11Provider $token" >>ssh_config
stays_out "*because of PKCS11Provider at $dir/ssh_config:*ssh-add -s PROVIDER*"

# `ssh` itself may ask.
printf '#!/bin/sh\necho 1234\n' >askpass
chmod 700 askpass
export SSH_ASKPASS=$dir/askpass SSH_ASKPASS_REQUIRE=force
ssh -F ssh_config 127.0.7.1 true 2>err || fail "ssh does not get in with the PIN"

export SSH_AUTH_SOCK=$dir/agent
ssh-agent -D -a "$SSH_AUTH_SOCK" >agent.log 2>&1 &
daemon=$!
until [[ -S $SSH_AUTH_SOCK ]]; do sleep 0.1; done
ssh-add -q -s "$token" 2>err || fail "the agent does not take it"
gets_in
cp plain ssh_config
gets_in
