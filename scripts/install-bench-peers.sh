#!/bin/sh
# Installs the Debian packages whose programs bench:wire measures beside cordon. No test needs them. Root on Debian; asks nothing.
# Suricata comes from the release's backports, if the system has them among its sources. Leaves no new service running.
set -eu

[ "$(id -u)" -eq 0 ] || { echo "needs root: sudo sh scripts/install-bench-peers.sh" >&2; exit 1; }
command -v apt-get >/dev/null 2>&1 || { echo "needs a Debian with apt-get; what is on PATH is measured all the same" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends time libndpi-bin softflowd nfdump tcpdump tshark

if ! command -v suricata >/dev/null 2>&1; then
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  # The backports are the system's owner's to add: where they are not, Suricata is left out, and bench:wire says so.
  apt-get install -y -qq --no-install-recommends -t "$release-backports" suricata || echo "not installed, bench:wire says so: suricata" >&2
fi

# The bench runs programs on files; a sensor on this machine's interfaces is nobody's wish.
for service in softflowd nfdump suricata; do
  command -v systemctl >/dev/null 2>&1 && systemctl disable --now "$service.service" >/dev/null 2>&1 || true
done
