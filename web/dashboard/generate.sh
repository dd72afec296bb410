#!/bin/sh
# Fetches what package.json names from npm and copies the built files to assets/vendor,
# and what tests need to internal/browser.
# Run it through go generate; nobody who only builds the binary needs npm.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp package.json "$work/"
npm install --prefix "$work" --ignore-scripts --no-audit --no-fund --no-package-lock
mkdir -p assets/vendor
cp "$work/node_modules/htmx.org/dist/htmx.min.js" assets/vendor/htmx.min.js
cp "$work/node_modules/htmx.org/LICENSE" assets/vendor/htmx.LICENSE
cp "$work/node_modules/uplot/dist/uPlot.iife.min.js" assets/vendor/uplot.min.js
cp "$work/node_modules/uplot/dist/uPlot.min.css" assets/vendor/uplot.min.css
cp "$work/node_modules/uplot/LICENSE" assets/vendor/uplot.LICENSE

# What browser tests look for faults of accessibility with; it isn't in the binary.
gzip -9nc "$work/node_modules/axe-core/axe.min.js" >../../internal/browser/axe/axe.min.js.gz
cp "$work/node_modules/axe-core/LICENSE" ../../internal/browser/axe/LICENSE
