# The web front of the demo, for demo.sh, which sources this file after server.sh.
#
# lighttpd and the program run as the server's user, in $server/web, and listen on 127.0.0.1 alone.

web_port=${WEB_PORT:-8080}

# Is there a process that listens there?
web_taken()
{
	(exec 3<>"/dev/tcp/127.0.0.1/$web_port") 2>/dev/null
}

# Says so before anything is made when the port cannot be had.
web_check()
{
	[[ $web_port =~ ^[0-9]{1,5}$ ]] && [ "$web_port" -gt 0 ] && [ "$web_port" -lt 65536 ] ||
		die "WEB_PORT=$web_port is no port"
	! web_taken || die "port $web_port is in use: choose another, for example: make demo WEB_PORT=8081"
}

# Users of the demo, a code for one more owner, and the server.
web_start()
{
	local lighttpd code owner cashier tenth

	lighttpd=$(PATH=$PATH:/usr/sbin command -v lighttpd) || die "no lighttpd: install it"
	server_do mkdir -m 700 "$server/web"
	install -m 755 -o "$server_user" web/reco.cgi web/lighttpd.conf "$server/web"
	owner=$(echo maman-butembo | web/reco.cgi hash)
	cashier=$(echo caisse-butembo | web/reco.cgi hash)
	psql -X -q -v ON_ERROR_STOP=1 -d demo -v owner="$owner" -v cashier="$cashier" <<-'SQL' >/dev/null
		SELECT reco.create_web_roles();
		INSERT INTO shop.web_user (login, name, role, password_hash)
		VALUES ('kavira', 'Kavira', 'owner', :'owner'), ('muhindo', 'Muhindo', 'cashier', :'cashier');
		UPDATE shop.web_setting SET shop_name = 'Alimentation Kavira';
	SQL
	code=$(psql -X -q -At -d demo -c 'SELECT reco.web_setup_code()')
	server_do env -i PATH="$PATH" LANG=C.UTF-8 RECO_CGI="$server/web/reco.cgi" RECO_RUN="$server/web" \
		RECO_DSN="host=$server/socket dbname=demo user=shop_web" RECO_SCHEMA=shop RECO_TLS=off \
		WEB_PORT="$web_port" "$lighttpd" -f "$server/web/lighttpd.conf" ||
		{ cat "$server/web/web.log" >&2; die "the web server did not start"; }
	for tenth in {1..50}; do
		! web_taken || break
		sleep 0.1
	done
	echo
	echo "The shop is open at http://127.0.0.1:$web_port/"
	echo
	echo "    owner      kavira    maman-butembo"
	echo "    cashier    muhindo   caisse-butembo"
	echo
	echo "and with the code $code somebody becomes an owner at http://127.0.0.1:$web_port/setup, once."
}

# Prints the process id of the web server, if it runs and is ours.
web_pid()
{
	local pid

	pid=$(cat "$server/web/web.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
	tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$server/web/lighttpd.conf" && echo "$pid"
}

# Stops it, if it runs; its processes go with it.
web_stop()
{
	local pid signal tenth

	for signal in TERM KILL; do
		pid=$(web_pid) || return 0
		kill "-$signal" "$pid" 2>/dev/null || :
		for tenth in {1..50}; do
			web_pid >/dev/null || return 0
			sleep 0.1
		done
	done
	say "the web server with process id $pid in $server does not end"
	return 1
}
