#!/bin/bash
# Lets sqlmap look for SQL injection in the web front, and in a program that has one: what it does not find
# there it would not find here either. Takes a quarter of an hour; "make web-attack" runs it, RECO_ATTACK=PATTERN
# chooses pages.
#
# Called through cluster.sh: PGHOST leads to a throw-away server.
set -eu
cd "$(dirname "$0")/../.."
command -v sqlmap >/dev/null || { echo "no sqlmap: install it first" >&2; exit 1; }
. test/web/front.sh
front 8089

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
chmod 755 "$folder/control.cgi"
cat >"$folder/control.conf" <<CONF
server.modules = ("mod_cgi", "mod_setenv")
server.bind = "127.0.0.1"
server.port = $((port + 1))
server.document-root = "$folder"
server.pid-file = "$folder/control.pid"
cgi.assign = (".cgi" => "")
setenv.set-environment = ("PGHOST" => "$PGHOST", "PGUSER" => "postgres", "PATH" => "$PATH")
CONF
chown "$user" "$folder"/control.*
front_do env PATH="$PATH:/usr/sbin" lighttpd -f "$folder/control.conf"
site=http://127.0.0.1:$port

# What is found in the control would be found in the pages.
sqlmap --batch --level 2 --risk 1 --technique BEU --dbms postgresql --output-dir "$folder/sqlmap" --flush-session \
	--disable-coloring -u "http://127.0.0.1:$((port + 1))/control.cgi?q=riz" -p q </dev/null >"$folder/control.log" 2>&1 || :
if ! grep -qE 'is vulnerable|identified the following injection point' "$folder/control.log"; then
	tail -n 20 "$folder/control.log"
	echo "not ok - sqlmap does not find the control"
	exit 1
fi
echo "ok - the control is found"
perl test/web/attack.pl "$site" "$folder"
