#!/bin/bash
# Lets sqlmap look for SQL injection in the web front, and in a program that has one: what it does not find
# there it would not find here either. Takes some minutes; "make web-attack" runs it.
#
# Called through cluster.sh: PGHOST leads to a throw-away server.
set -eu
cd "$(dirname "$0")/../.."
command -v sqlmap >/dev/null || { echo "no sqlmap: install it first" >&2; exit 1; }
psql -X -q -d postgres -c 'CREATE DATABASE reco_web'
psql -X -q -d reco_web -c 'CREATE EXTENSION reco'
test/web/prepare.sh

folder=$(mktemp -d)
port=${WEB_PORT:-8089}
user=$(stat -c %U "$PGHOST")
as=()
[ "$(id -u)" != 0 ] || as=(setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups)
cp web/reco.cgi web/lighttpd.conf "$folder"
cat >"$folder/control.cgi" <<'PERL'
#!/usr/bin/perl
# The control: puts what it is given into its statement.
my ($q) = $ENV{QUERY_STRING} =~ /q=([^&]*)/;
$q =~ tr/+/ /;
$q =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
open my $psql, '-|', 'psql', '-X', '-q', '-A', '-t', '-d', 'reco_web', '-c', "SELECT name FROM shop.product WHERE name ILIKE '%$q%' ORDER BY name LIMIT 5";
local $/;
print "Content-Type: text/html\r\n\r\n<pre>" . <$psql> . "</pre>";
PERL
chmod 755 "$folder"/*.cgi
cat >"$folder/control.conf" <<CONF
server.modules = ("mod_cgi", "mod_setenv")
server.bind = "127.0.0.1"
server.port = $((port + 1))
server.document-root = "$folder"
server.pid-file = "$folder/control.pid"
cgi.assign = (".cgi" => "")
setenv.set-environment = ("PGHOST" => "$PGHOST", "PGUSER" => "postgres", "PATH" => "$PATH")
CONF
chown -R "$user" "$folder"
trap 'kill $(cat "$folder/web.pid" "$folder/control.pid" 2>/dev/null) 2>/dev/null || :; rm -rf "$folder"' EXIT
(cd / && "${as[@]}" env -i PATH="$PATH:/usr/sbin" RECO_CGI="$folder/reco.cgi" RECO_RUN="$folder" RECO_TLS=off RECO_SCHEMA=shop \
	RECO_DSN="host=$PGHOST port=$PGPORT dbname=reco_web user=shop_web" WEB_PORT="$port" lighttpd -f "$folder/lighttpd.conf")
(cd / && "${as[@]}" env PATH="$PATH:/usr/sbin" lighttpd -f "$folder/control.conf")
site=http://127.0.0.1:$port
token() { sed -n 's/.*name="csrf" value="\([0-9a-f]*\)".*/\1/p' | head -n 1; }
csrf=$(curl -s -c "$folder/jar" "$site/login" | token)
curl -s -o /dev/null -b "$folder/jar" -c "$folder/jar" --data "csrf=$csrf&login=owner&password=secret+of+owner" "$site/login"
cookie=sid=$(awk '$6 == "sid" { print $7 }' "$folder/jar")

# attack NAME ADDRESS [OPTION...]: is something found?
attack()
{
	local name=$1 address=$2

	shift 2
	sqlmap --batch --level 2 --risk 1 --technique BEU --dbms postgresql --output-dir "$folder/sqlmap" --flush-session \
		--disable-coloring -u "$address" "$@" </dev/null >"$folder/$name.log" 2>&1 || :
	grep -qE 'is vulnerable|identified the following injection point' "$folder/$name.log"
}

status=0
if attack control "http://127.0.0.1:$((port + 1))/control.cgi?q=riz" -p q; then
	echo "ok - the control is found"
else
	tail -n 20 "$folder/control.log"
	echo "not ok - sqlmap does not find the control"
	status=1
fi
while read -r name address parameters; do
	if attack "$name" "$site$address" -p "$parameters" --cookie "$cookie" --ignore-code 404,400; then
		grep -A 12 'injection point' "$folder/$name.log"
		echo "not ok - $address"
		status=1
	elif grep -q 'all tested parameters do not appear to be injectable' "$folder/$name.log"; then
		echo "ok - $address: $parameters"
	else
		tail -n 5 "$folder/$name.log"
		echo "not ok - $address was not tested"
		status=1
	fi
done <<'PAGES'
search /products?q=riz&category=1&state=active q,category,state
after /products?after=1+A after
product /product?id=1 id
user /settings/user?id=1 id
journal /settings/journal?after=5 after
PAGES
if attack login "$site/login" --data "csrf=x&login=owner&password=x" -p login,password --csrf-token csrf --ignore-code 422,403; then
	echo "not ok - the login"
	status=1
else
	echo "ok - the login"
fi
exit $status
