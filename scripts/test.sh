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
node --disable-warning=ExperimentalWarning --test "src/**/*.test.ts" "web/src/**/*.test.ts" "$@"
