#!/bin/sh
# The README's test command: installs what the tests need, then types, lint, browser app, tests. Stops at the first failure.
set -eu
home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$home"

sh scripts/install.sh
sh scripts/install-tools.sh
node=$(sh scripts/find-node.sh "$home")
PATH=$(dirname "$node"):$home/node_modules/.bin:$PATH
export PATH

echo "== types"
tsc --noEmit -p tsconfig.json
tsc --noEmit -p web/tsconfig.json
echo "== lint"
oxlint --type-aware --deny-warnings src web/src bench scripts examples
echo "== browser app"
vite build web --logLevel warn
echo "== tests"
# Each file is a process, and so is each ./cordon: what was stripped of its types and compiled once is kept. One file more at a time than there are
# processors, because some only wait (browsers, namespaces); Node's own choice is one fewer, which on two is one. A file that hangs is named.
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE-$home/node_modules/.cache/compiled}"
at_once=$(($(getconf _NPROCESSORS_ONLN) + 1))
node --disable-warning=ExperimentalWarning --test --test-concurrency="$at_once" --test-timeout=600000 "src/**/*.test.ts" "web/src/**/*.test.ts" "$@"
