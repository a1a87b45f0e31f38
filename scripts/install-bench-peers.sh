#!/bin/sh
# Installs the Debian packages whose programs bench:wire measures beside cordon. No test needs them. Root on Debian; asks nothing.
# Adds the backports of the same release for Suricata, when they are not there yet, and leaves no new service running.
set -eu

[ "$(id -u)" -eq 0 ] || { echo "needs root: sudo sh scripts/install-bench-peers.sh" >&2; exit 1; }
command -v apt-get >/dev/null 2>&1 || { echo "needs a Debian with apt-get; what is on PATH is measured all the same" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends time libndpi-bin softflowd nfdump tcpdump tshark

if ! command -v suricata >/dev/null 2>&1; then
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  if ! apt-cache policy | grep -q "$release-backports"; then
    key=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb [signed-by=$key] http://deb.debian.org/debian $release-backports main" >/etc/apt/sources.list.d/cordon-backports.list
    apt-get update -qq
  fi
  apt-get install -y -qq --no-install-recommends -t "$release-backports" suricata || echo "not installed, bench:wire says so: suricata" >&2
fi

# The bench runs programs on files; a sensor on this machine's interfaces is nobody's wish.
for service in softflowd nfdump suricata; do
  command -v systemctl >/dev/null 2>&1 && systemctl disable --now "$service.service" >/dev/null 2>&1 || true
done
