# The web front before a real web server, for browser.sh and attack.sh, which source this file: the shop of the
# tests in database reco_web, and lighttpd in $folder, of the user of the server that PGHOST leads to.

# Runs a command as that user.
front_do() { (cd / && "${as[@]}" "$@"); }

# front PORT: sets folder, port, user, as; all is gone when the script ends.
front()
{
	psql -X -q -d postgres -c 'CREATE DATABASE reco_web'
	psql -X -q -d reco_web -c 'CREATE EXTENSION reco'
	test/web/prepare.sh

	folder=$(mktemp -d)
	port=${WEB_PORT:-$1}
	user=$(stat -c %U "$PGHOST")
	as=()
	[ "$(id -u)" != 0 ] || as=(setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups)
	cp web/reco.cgi web/lighttpd.conf "$folder"
	chmod 755 "$folder/reco.cgi"
	chown -R "$user" "$folder"
	trap 'kill $(cat "$folder"/*.pid 2>/dev/null) 2>/dev/null || :; rm -rf "$folder"' EXIT
	front_do env -i PATH="$PATH:/usr/sbin" RECO_CGI="$folder/reco.cgi" RECO_RUN="$folder" RECO_TLS=off RECO_SCHEMA=shop \
		RECO_DSN="host=$PGHOST port=$PGPORT dbname=reco_web user=shop_web" WEB_PORT="$port" lighttpd -f "$folder/lighttpd.conf"
}
