#!/bin/sh
# Installs the Debian packages that some tests compare with or drive. Without root or apt it names what is missing;
# the tests that need them then skip by name. Never asks a question.
set -eu

# command:package
wanted="tshark:tshark capinfos:wireshark-common tcpdump:tcpdump nft:nftables chromium:chromium ndpiReader:libndpi-bin z3:z3
iptables:iptables ipset:ipset tcpreplay:tcpreplay conntrack:conntrack"

missing=""
for pair in $wanted; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "not installed (needs root on Debian); the tests that need them are skipped by name:$missing"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
echo "installing Debian packages:$missing"
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/tmp/cordon-apt.log 2>&1; then
  echo "not installed (apt-get failed, see /tmp/cordon-apt.log); the tests that need them are skipped by name:$missing"
fi
