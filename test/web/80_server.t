# Behind a real web server: FastCGI and plain CGI, bytes on the line, slow clients, a database that goes away.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use IO::Socket::INET;
use POSIX ();
use Server;
use Time::HiRes qw(sleep time);
use Web;

plan skip_all => 'no lighttpd' unless defined $lighttpd;

# -- FastCGI
my $server = server('lighttpd.conf');
is fetch($server, 'GET', '/login')->{status}, 200, 'FastCGI: the login is there';
is log_in($server, 'owner')->{status}, 303, 'FastCGI: an owner logs in';
my %known = %cookies;

# Long names, so that a list of 25 rows is as heavy as it gets.
sql(q{UPDATE shop.product SET name = left(name || ' - ' || md5(id::text) || ' ' || md5((id + 1)::text), 110) WHERE id <= 60});
my $owner = browser('owner');
my $heaviest = 0;
for my $path (map { $_->{path} } grep { $_->{show} && $_->{role} ne 'CLIENT' } pages()) {
	next if $path =~ m{^/(picture|c|login|setup|receipt.*|order|order/cancel|stock/undo|settings/export.*|settings/import/check)$};
	my $page = fetch($server, 'GET', address($owner, $path), headers => "Accept-Encoding: gzip\r\n");
	is $page->{status}, 200, "FastCGI: $path";
	cmp_ok $page->{bytes}, '<=', $path eq '/style.css' ? 4600 : 14600, '... in one flight of segments';
	like $page->{head}, qr/Content-Encoding: gzip/i, '... compressed';
	$heaviest = $page->{bytes} if $page->{bytes} > $heaviest;
}
note "the heaviest answer has $heaviest bytes";
my $css = fetch($server, 'GET', '/style.css', headers => "Accept-Encoding: gzip\r\n");
cmp_ok length $css->{body}, '<=', 4096, 'the style sheet has 4 kB at most: ' . length $css->{body};

is fetch($server, 'TRACE', '/login')->{status}, 405, 'TRACE is not allowed';
is fetch($server, 'POST', '/login', length => 7_000_000)->{status}, 413, 'a body of 7 MB is refused by its length alone';
is fetch($server, 'GET', '/web.log')->{status}, 404, 'no file of the folder is served';

# -- what a page costs beside its queries: the work of the processes that make it, and of those of the database
sub work {
	my $ticks = 0;
	for my $pid (@_) {
		open my $stat, '<', "/proc/$pid/stat" or next;
		my @fields = split / /, (split /\) /, <$stat>)[1];
		$ticks += $fields[11] + $fields[12];
	}
	return $ticks;
}
my @web = ($server->{pid}, map { /^\s*(\d+)\s+$server->{pid}\s/ ? $1 : () } `ps -eo pid,ppid`);
my @base = split /\n/, sql(q{SELECT pid FROM pg_stat_activity WHERE usename = 'shop_web'});
my @start = (work(@web), work(@base));
fetch($server, 'GET', '/products') for 1 .. 400;
my ($web, $base) = (work(@web) - $start[0], work(@base) - $start[1]);
cmp_ok $web + $base, '<=', 3 * $base, "a page costs at most three times its queries: $web + $base ticks";

# -- slow clients
my @slow = map {
	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$server->{port}") or die "no slow client $_: $!";
	print $socket "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\ncsrf=";
	$socket;
} 1 .. 200;
my $start = time;
my $fast = 0;
$fast += fetch($server, 'GET', '/products')->{status} == 200 for 1 .. 10;
is $fast, 10, '200 slow clients do not hold up a fast one';
cmp_ok time - $start, '<', 5, '... which has its ten pages in time';
close $_ for @slow;

# -- connections that were cut
my $cut = q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'shop_web'};
cmp_ok sql($cut), '>', 0, 'the database ends the connections of the program';
is fetch($server, 'GET', '/products')->{status}, 200, '... a page does not notice';
sql($cut);
my ($csrf) = fetch($server, 'GET', '/settings/rate')->{body} =~ /name="csrf" value="([0-9a-f]{32})"/;
sql($cut);
is fetch($server, 'POST', '/settings/rate', body => "csrf=$csrf&rate=2811&valid_from=2026-01-05")->{status}, 303, '... nor does a form, for which nothing was done yet';
is sql(q{SELECT rate::int FROM shop.exchange_rate WHERE valid_from = '2026-01-05' AND currency = 'USD'}), 2811, '... which is done';

# -- a form that is cut off in its middle
my $page = fetch($server, 'GET', '/product/new');
my ($once) = $page->{body} =~ /name="once" value="([0-9a-f]{32})"/;
my $form = "csrf=$csrf&once=$once&name=Cut+off&category=1&price=100&unit_cost=50&unit=sac&pack_size=1&active=1";
my $count = sql('SELECT count(*) FROM shop.product');
my $locker = open(my $lock, '|-', 'psql -X -q -d reco_web') or die;
$lock->autoflush(1);
print $lock "BEGIN; LOCK TABLE shop.product IN EXCLUSIVE MODE;\n";
for (1 .. 50) { last if sql(q{SELECT count(*) FROM pg_locks WHERE relation = 'shop.product'::regclass AND mode = 'ExclusiveLock' AND granted}); sleep 0.05 }
my $child = fork // die;
if (!$child) {
	my $answer = fetch($server, 'POST', '/product/new', body => $form);
	POSIX::_exit($answer->{status} == 503 && $answer->{body} =~ /Indisponible pour un moment/ && $answer->{body} !~ /SQL|relation|terminat/i ? 0 : 1);
}
for (1 .. 100) { last if sql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'shop_web' AND wait_event_type = 'Lock'}); sleep 0.05 }
sql($cut);
waitpid $child, 0;
is $?, 0, 'a form whose connection is cut is answered by 503, in French, without a word of SQL';
print $lock "ROLLBACK;\n";
close $lock;
is sql('SELECT count(*) FROM shop.product'), $count, '... and nothing of it is done';
is fetch($server, 'POST', '/product/new', body => $form)->{status}, 303, 'sent again it is done';
is fetch($server, 'POST', '/product/new', body => $form)->{status}, 303, '... and a third time is answered';
is sql('SELECT count(*) FROM shop.product'), $count + 1, '... but done once';
sql(q{DELETE FROM shop.product WHERE name = 'Cut off'});

# -- what the log holds
open my $log, '<:encoding(UTF-8)', "$server->{folder}/web.log" or die;
my $logged = do { local $/; <$log> };
close $log;
like $logged, qr/login ok/, 'the log tells who came in';
unlike $logged, qr/secret of|secret\+of/, '... without a password';
unlike $logged, qr/$_/, '... without a cookie' for values %known;
stop($server);

# -- plain CGI
$server = server('lighttpd-cgi.conf');
is log_in($server, 'cashier')->{status}, 303, 'plain CGI: a cashier logs in';
is fetch($server, 'GET', $_)->{status}, 200, "plain CGI: $_" for '/', '/products', '/product?id=1', '/style.css';
is fetch($server, 'GET', '/settings')->{status}, 403, 'plain CGI: rights are the same';
is fetch($server, 'GET', '/reco.cgi')->{status}, 404, 'plain CGI: the program is not at another address';
is fetch($server, 'GET', '/login?hash')->{status}, 303, 'plain CGI: words of an address are no arguments';
stop($server);

# -- no database at all
$server = server('lighttpd.conf', RECO_DSN => 'host=/nonexistent user=shop_web');
for my $language (['fr', 'Indisponible pour un moment'], ['en', 'Not available for a moment'], ['sw', 'Haipatikani kwa muda']) {
	my $page = fetch($server, 'GET', '/products', headers => "Accept-Language: $language->[0]\r\n");
	is $page->{status}, 503, 'without a database: 503';
	utf8::decode($page->{body});
	like $page->{body}, qr/$language->[1]/, "... in $language->[0]";
	unlike $page->{body}, qr/nonexistent|socket|PGSQL|SELECT/, '... and nothing of the why';
}
is fetch($server, 'GET', '/style.css')->{status}, 200, '... and the page has its style';
stop($server);

END { kill TERM => $server->{pid} if $server && $server->{pid} }
done_testing;
