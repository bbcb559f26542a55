#!/bin/bash
# Installs the Debian packages that reco needs and this machine lacks.
#
#   test/packages.sh build    compiler, headers of the server, OpenBLAS, what the web front is made of
#   test/packages.sh test     and the server itself, pg_cron, pgTAP and pg_prove, a web server
#
# Where nothing is missing nothing is done and no network is needed. Needs root or sudo otherwise.
set -eu
export LC_ALL=C

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

case ${1-} in
build | test) group=$1 ;;
*) die "usage: $0 build|test" ;;
esac

# Elsewhere than on Debian the compiler and the server tell what they miss.
command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || exit 0

pg_config=${PG_CONFIG:-pg_config}
debian_bindir='^/usr/lib/postgresql/([0-9]+)/bin(/pg_config)?$'

# Finds the server's major version, empty for that of the distribution. The words before "apt-get update"
# count: a chosen pg_config, the newest headers (those Debian's pg_config answers for), the newest server.
find_major()
{
	local bindir pgxs server

	major=
	own_build=
	if [[ $pg_config =~ $debian_bindir ]]; then
		major=${BASH_REMATCH[1]}
		return
	fi
	if pgxs=$("$pg_config" --pgxs 2>/dev/null) && [ -f "$pgxs" ]; then
		bindir=$("$pg_config" --bindir)
		if [[ $bindir =~ $debian_bindir ]]; then
			major=${BASH_REMATCH[1]}
		else
			own_build=$bindir
		fi
		return
	fi
	[ "$pg_config" = pg_config ] || die "PG_CONFIG=$pg_config is not the pg_config of a server with its headers"
	for server in $(ls -vd /usr/lib/postgresql/*/bin/postgres 2>/dev/null); do
		[[ ${server%/postgres} =~ $debian_bindir ]]
		[ "${BASH_REMATCH[1]}" -lt 15 ] || major=${BASH_REMATCH[1]}
	done
}

# Sets missing[] to the packages of $group that are not installed.
find_missing()
{
	local wanted=(gcc libc6-dev make libopenblas-dev libpq-dev libssl-dev libfcgi-dev libargon2-dev libjpeg-dev libpng-dev) have name

	if [ -n "$major" ]; then
		wanted+=("postgresql-server-dev-$major")
	fi
	if [ "$group" = test ]; then
		wanted+=(libtap-parser-sourcehandler-pgtap-perl lighttpd lighttpd-mod-deflate lighttpd-mod-openssl)
		if [ -n "$major" ]; then
			wanted+=("postgresql-$major" "postgresql-$major-cron" "postgresql-$major-pgtap")
		fi
	fi
	have=$(dpkg-query -W -f='${Package}=${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || :)
	missing=()
	for name in "${wanted[@]}"; do
		grep -qx "$name=installed" <<<"$have" || missing+=("$name")
	done
}

# A server built from source takes its extensions from source too.
check_own_build()
{
	local sharedir name absent=()

	sharedir=$("$pg_config" --sharedir)
	[ "$group" = test ] || return 0
	for name in pg_cron pgtap; do
		[ -f "$sharedir/extension/$name.control" ] || absent+=("$name")
	done
	[ ${#absent[@]} = 0 ] || die "the tests need ${absent[*]} in the server of $own_build: install it there"
}

# The package of a server makes a cluster "main" and starts it. Nobody asked for one here, so this is
# switched off for the time of the installation; clusters that exist are not touched by that.
no_main_cluster()
{
	local folder=/etc/postgresql-common/createcluster.d
	local file=$folder/reco-installation.conf

	if [ -d $folder ]; then
		trap "rm -f $file $log" EXIT
	else
		trap "rm -f $file $log; rmdir $folder || :" EXIT
		mkdir -p $folder
	fi
	echo 'create_main_cluster = false' >$file
}

# The package of lighttpd starts a server on port 80, now and whenever the machine starts. Nobody asked for
# that either: the demo and the tests start their own.
no_web_server()
{
	local policy=/usr/sbin/policy-rc.d

	[[ " ${missing[*]} " = *" lighttpd "* ]] || return 0
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
		made_policy=$policy
	fi
}
web_server_stays_off()
{
	[[ " ${missing[*]} " = *" lighttpd "* ]] || return 0
	rm -f "$made_policy"
	systemctl disable lighttpd >/dev/null 2>&1 || :
}

# apt-get, whose many words are of interest when it fails.
apt()
{
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
		-o Dpkg::Options::=--force-confold "$@" </dev/null >"$log" 2>&1 || { cat "$log" >&2; return 1; }
}

find_major
if [ -n "$own_build" ]; then
	check_own_build
fi
if [ -n "$major" ] && [ "$major" -lt 15 ]; then
	die "reco needs PostgreSQL 15 or later, but $pg_config is that of PostgreSQL $major"
fi
find_missing
if [ -n "$major$own_build" ] && [ ${#missing[@]} = 0 ]; then
	exit 0
fi

names="${missing[*]}"
[ -n "$major$own_build" ] || names="$names and a PostgreSQL server with its headers"
if [ "$(id -u)" != 0 ]; then
	say "reco needs these Debian packages, which are missing here: $names"
	command -v sudo >/dev/null || die "install them as root: $0 $group"
	exec sudo env PG_CONFIG="$pg_config" "$0" "$group"
fi

say "installing what reco needs: $names"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 1' INT TERM HUP
apt update || say "the package lists could not be brought up to date; trying with those at hand"
if [ -z "$major$own_build" ]; then
	major=$(apt-cache depends postgresql | sed -n 's/^ *Depends: postgresql-\([0-9][0-9]*\)$/\1/p')
	[ -n "$major" ] || die "no package of a PostgreSQL server is to be had here"
	[ "$major" -ge 15 ] || die "reco needs PostgreSQL 15 or later, but this system offers PostgreSQL $major"
	find_missing
fi
made_policy=
no_main_cluster
no_web_server
installed=yes
apt install --yes --no-install-recommends "${missing[@]}" || installed=
web_server_stays_off
[ -n "$installed" ] || die "these packages could not be installed: ${missing[*]}"
