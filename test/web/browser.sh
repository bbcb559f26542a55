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
psql -X -q -d postgres -c 'CREATE DATABASE reco_web'
psql -X -q -d reco_web -c 'CREATE EXTENSION reco'
test/web/prepare.sh

folder=$(mktemp -d)
port=${WEB_PORT:-8087}
user=$(stat -c %U "$PGHOST")
as=()
[ "$(id -u)" != 0 ] || as=(setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups)
cp web/reco.cgi web/lighttpd.conf "$folder"
chown -R "$user" "$folder"
trap 'kill "$(cat "$folder/web.pid")" 2>/dev/null || :; rm -rf "$folder"' EXIT
(cd / && "${as[@]}" env -i PATH="$PATH:/usr/sbin" RECO_CGI="$folder/reco.cgi" RECO_RUN="$folder" RECO_SCHEMA=shop \
	RECO_DSN="host=$PGHOST port=$PGPORT dbname=reco_web user=shop_web" WEB_PORT="$port" lighttpd -f "$folder/lighttpd.conf")
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
