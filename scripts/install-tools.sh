#!/bin/sh
# Installs the Debian packages that some tests compare with or drive. Without root or apt it names what is missing;
# the tests that need them then skip by name. Never asks a question, and leaves no new service running.
set -eu

# command:package
wanted="tshark:tshark capinfos:wireshark-common tcpdump:tcpdump nft:nftables chromium:chromium ndpiReader:libndpi-bin z3:z3
iptables:iptables ipset:ipset tcpreplay:tcpreplay conntrack:conntrack nfs-ls:libnfs-utils rpcinfo:rpcbind showmount:nfs-common ferm:ferm openssl:openssl
echoscu:dcmtk strace:strace"

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
# Without this answer the package would load a firewall of its own at every boot.
case "$missing" in
  *ferm*) command -v debconf-set-selections >/dev/null 2>&1 && echo 'ferm ferm/enable boolean false' | debconf-set-selections || true ;;
esac
log=/tmp/cordon-apt.log
echo "installing Debian packages:$missing"
apt-get update -qq >"$log" 2>&1 || true
if ! apt-get install -y -qq --no-install-recommends $missing >>"$log" 2>&1; then
  # One that is not to be had must not keep the others away.
  for package in $missing; do
    apt-get install -y -qq --no-install-recommends "$package" >>"$log" 2>&1 \
      || echo "not installed (see $log); the tests that need it are skipped by name: $package"
  done
fi
# The tests only want rpcinfo; a port mapper on every address of this machine is nobody's wish.
case "$missing" in
  *rpcbind*) command -v systemctl >/dev/null 2>&1 && systemctl disable --now rpcbind.socket rpcbind.service >/dev/null 2>&1 || true ;;
esac
