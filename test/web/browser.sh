#!/bin/bash
# Looks at the web front with a real browser: every page, at 360 and 1280 pixels, in three languages, for what
# axe and html-validate find, for sideways scroll and small targets; whole days with scripts off; strings that
# would run as scripts, into every field. Screenshots are left in test/output/browser.
#
# Needs chromium and npm, and the network for three packages; "make web-browser" runs it. Called through
# cluster.sh: PGHOST leads to a throw-away server.
set -eu
cd "$(dirname "$0")/../.."
chromium=$(command -v chromium) || { echo "no chromium: install it first" >&2; exit 1; }
command -v npm >/dev/null || { echo "no npm: install it first" >&2; exit 1; }
output=$PWD/test/output/browser
mkdir -p "$output"
if [ ! -d "$output/node_modules/axe-core" ]; then
	npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$output" \
		playwright-core@1.65.1 axe-core@4.14.1 html-validate@10.17.0
fi
. test/web/front.sh
front 8087
export ALERT MOVE CODE SITE=http://127.0.0.1:$port CHROMIUM=$chromium OUTPUT=$output
MOVE=$(psql -X -q -At -d reco_web -c "SELECT max(id) FROM shop.stock_move WHERE kind = 'writeoff' AND source IS NULL")
ALERT=$(psql -X -q -At -d reco_web -c 'SELECT max(id) FROM shop.web_alert')
CODE=$(psql -X -q -At -d reco_web -c 'SELECT reco.web_setup_code()')
status=0
node test/web/days.mjs || status=1
node test/web/browser.mjs || status=1
if grep -E 'Segmentation|AddressSanitizer|statement failed' "$folder/web.log"; then
	echo "not ok - the log has errors"
	exit 1
fi
exit "$status"
