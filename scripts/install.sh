#!/bin/sh
# Installs the packages that package-lock.json names, once: does nothing when node_modules is as new as the lock file.
set -eu
home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
stamp=$home/node_modules/.package-lock.json

if [ -f "$stamp" ] && [ ! "$home/package-lock.json" -nt "$stamp" ]; then
  exit 0
fi
# npm empties the folder first, and this one is somebody else's.
if [ -L "$home/node_modules" ]; then
  [ -f "$stamp" ] && exit 0
  echo "cordon: $home/node_modules is a link to a folder without packages. Install them there, or remove the link." >&2
  exit 2
fi
if ! command -v npm >/dev/null 2>&1; then
  echo "cordon: npm is needed once, to install the packages of $home. Install Node 20 or newer with npm." >&2
  exit 2
fi
echo "cordon: installing packages (once) ..." >&2
(cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
# npm keeps the lock file's time inside; the stamp must be newer than the lock for the next start.
touch "$stamp"
