# Private servers, for cluster.sh and demo.sh, which source this file.
#
# A private server is one folder, $server, with data/, socket/ and log in it. It is owned by the user the
# server runs as: the caller, or postgres when that is root, whom PostgreSQL refuses. It listens on its
# socket alone, in a folder nobody else may enter, and so can trust who comes in and needs no free port.
# Where the server stands depends on nothing of a cluster that is on the machine already, and the other way.

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# Sets bindir, server_user and as_server, the words that turn a command into one of the server's user; and
# forgets the connection settings of the caller, which are for another server.
server_setup()
{
	local name

	bindir=$("${PG_CONFIG:-pg_config}" --bindir) || die "no pg_config: set PG_CONFIG"
	[ -x "$bindir/initdb" ] || die "no PostgreSQL server in $bindir: install it, or set PG_CONFIG"
	server_who
	for name in ${!PG*}; do
		[[ ! $name =~ ^PG[A-Z]+$ ]] || unset "$name"
	done
}

# server_who [USER]: says whose server it is, if not the one that a new server would have.
server_who()
{
	server_user=$(id -un)
	as_server=()
	if [ "$(id -u)" = 0 ]; then
		server_user=${1:-postgres}
		id "$server_user" >/dev/null 2>&1 ||
			die "root may not run a PostgreSQL server and there is no user $server_user"
		as_server=(setpriv --reuid="$server_user" --regid="$(id -g "$server_user")" --init-groups)
	elif [ "${1:-$server_user}" != "$server_user" ]; then
		die "the server in $server is that of user $1"
	fi
}

# Runs a command as the server's user, from a folder that user may be in.
server_do() { (cd / && HOME=/ exec "${as_server[@]}" "$@"); }

# Can a server live in this folder? Its user must get there, and a socket's path is short and plain.
server_fits()
{
	[[ $1 =~ ^[A-Za-z0-9/._-]{1,80}$ ]] && server_do test -x "$1"
}

# Makes an empty folder of the server's user, under the first of the places where that user gets to it.
# server_folder NAME PLACE...: sets server.
server_folder()
{
	local name=$1 place

	shift
	for place in "$@"; do
		server=$(mktemp -d "$place/$name.XXXXXX" 2>/dev/null) || continue
		chown "$server_user:" "$server"
		if server_fits "$server"; then
			return 0
		fi
		rmdir "$server"
	done
	die "no folder that user $server_user can use among: $*"
}

# Makes the data folder. Settings beyond the common ones come in on standard input.
server_init()
{
	local conf="$server/data/postgresql.conf"

	server_do mkdir -m 700 "$server/socket"
	server_do "$bindir/initdb" -D "$server/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
		--lc-messages=C --data-checksums --no-sync --no-instructions >"$server/initdb.log" 2>&1 ||
		{ cat "$server/initdb.log" >&2; die "no data folder could be made in $server"; }
	{
		cat <<-CONF
			listen_addresses = ''
			unix_socket_directories = '$server/socket'
			unix_socket_permissions = 0700
			max_connections = 100
			timezone = 'UTC'
			log_timezone = 'UTC'
			log_line_prefix = '%m [%p] %q%d %a: '
			shared_preload_libraries = 'pg_cron'
			cron.database_name = 'postgres'
			cron.host = '$server/socket'
			cron.use_background_workers = off
		CONF
		cat
	} >>"$conf"
}

# own_installation FOLDER: a copy of the server's programs, with its other files linked, where extensions and
# libraries can be put that are nobody else's. Sets bindir, and extensions and libraries, the folders for these.
# Programs find their files from where they are, so the folders have the same layout.
own_installation()
{
	local copy=$1 config=${PG_CONFIG:-pg_config} share root file

	share=$("$config" --sharedir)
	libraries=$("$config" --pkglibdir)
	root=$bindir
	until [[ $share == "$root"/* && $libraries == "$root"/* ]]; do root=${root%/*}; done
	extensions=$copy${share#"$root"}/extension
	mkdir -p "$copy${bindir#"$root"}" "$extensions" "$copy${libraries#"$root"}"
	cp "$bindir"/* "$copy${bindir#"$root"}"
	ln -s "$libraries"/* "$copy${libraries#"$root"}"
	for file in "$share"/*; do
		[ "$file" = "$share/extension" ] || ln -s "$file" "$copy${share#"$root"}"
	done
	ln -s "$share"/extension/* "$extensions"
	bindir=$copy${bindir#"$root"}
	libraries=$copy${libraries#"$root"}
}

# own_build FOLDER WORD...: our libraries and script, built of a copy of the sources; WORDs are for make.
own_build()
{
	local folder=$1 script

	shift
	script=sql/reco--$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" reco.control).sql
	mkdir -p "$folder/test"
	cp -r Makefile reco.control extension sql web "$folder"
	cp test/packages.sh "$folder/test"
	find "$folder" -name '*.o' -delete
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$folder" -j "$(getconf _NPROCESSORS_ONLN)" "$@" reco.so reco_train.so "$script" >"$folder/log" 2>&1 ||
		{ cat "$folder/log" >&2; die 'the libraries could not be built'; }
}

# Starts it, and has PGHOST, PGPORT, PGUSER and PATH lead to it.
server_start()
{
	server_do "$bindir/pg_ctl" -D "$server/data" -l "$server/log" -w -t 60 -s start >&2 ||
		{ server_log 40; die "the server in $server did not start"; }
	export PGHOST="$server/socket" PGPORT=5432 PGUSER=postgres PATH="$bindir:$PATH"
}

# Prints the process id of the server, if it runs. A process with the number in postmaster.pid may be any
# other, even another server, after the machine went down; ours is the one that works in the data folder.
server_pid()
{
	local pid

	pid=$(head -n 1 "$server/data/postmaster.pid" 2>/dev/null) || return 1
	[ "$(server_do readlink "/proc/$pid/cwd" 2>/dev/null)" = "$server/data" ] && echo "$pid"
}

# Stops it, if it runs: quickly, and without mercy where that takes too long.
server_stop()
{
	local pid signal tenth

	for signal in INT QUIT KILL; do
		pid=$(server_pid) || return 0
		kill "-$signal" "$pid" 2>/dev/null || :
		for tenth in {1..150}; do
			server_pid >/dev/null || return 0
			sleep 0.1
		done
	done
	say "the server with process id $pid in $server does not end"
	return 1
}

# Prints the end of the server's log.
server_log()
{
	if [ -s "$server/log" ]; then
		say "--- the last lines of the server's log:"
		tail -n "$1" "$server/log" >&2
		say "---"
	fi
}

# Prints what the server's log says of processes that crashed; fails when there is nothing.
server_crashes()
{
	grep -E 'was terminated by (signal|exception)|PANIC: |TRAP: |reinitializing' "$server/log" 2>/dev/null
}
