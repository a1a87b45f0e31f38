#!/bin/sh
# Builds what a published package holds: dist/ (JavaScript by tsc) and web/dist/ (the browser app by vite).
set -eu
home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$home"
sh scripts/install.sh
node=$(sh scripts/find-node.sh "$home")
PATH=$(dirname "$node"):$home/node_modules/.bin:$PATH
export PATH
rm -rf dist
tsc -p tsconfig.build.json
cp src/inventory/oui.table.br dist/inventory/
vite build web --logLevel warn
