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

# Long names of everything, alerts and orders enough, so that a list of 25 rows is as heavy as it gets.
my $long = sub { "left(name || ' - ' || md5(id::text) || ' ' || md5((id + 1)::text), 90)" };
sql(join ';', map { "UPDATE shop.$_ SET name = " . $long->() } qw(product client supplier category));
sql(q{SELECT shop.write_off(array_agg(product_id), array_agg(on_hand - reserved), 'expired') FROM shop.stock_level WHERE on_hand > reserved AND product_id > 60});
sql("SET web.user_id = '1'; UPDATE shop.product SET price = price + 1, unit_cost = unit_cost + 1, threshold = 7, target = 900 WHERE id BETWEEN 61 AND 90");
my $owner = browser('owner');
my $heaviest = 0;
my $basket = join '&', map { "quantity$_=2" } 1 .. 25;
my $shelf = sql('SELECT category_id FROM shop.product WHERE active GROUP BY 1 ORDER BY count(*) DESC LIMIT 1');
my $supplier = sql('SELECT supplier_id FROM shop.product WHERE active AND supplier_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 1');
my $order = sql("SELECT shop.place_order($supplier, array_agg(id), array_agg(pack_size)) FROM (SELECT id, pack_size FROM shop.product WHERE supplier_id = $supplier LIMIT 25) p");
my $sale = sql("SELECT shop.sell(5, array_agg(product_id), array_agg(1)) FROM (SELECT product_id FROM shop.stock_level WHERE on_hand - reserved >= 1 LIMIT 25) l");
my %full = ('/sell' => ["client=5&$basket", "who=a&$basket", 'q=a'], '/stock/count' => ["category=$shelf"], '/reorder' => ["from=$supplier&all=1"],
	'/orders' => ['state=all'], '/alerts' => ['state=all'], '/recommendations' => ['who=a', 'what=a', 'client=5'], '/clients' => ['q=a'],
	'/order' => ["id=$order"], '/sale' => ["id=$sale"], '/receipt' => ["id=$sale"], '/receipt/text' => ["id=$sale"], '/sale/refund' => ["id=$sale"]);
my @addresses = map { my $path = $_->{path}; address($owner, $path), map { "$path?$_" } @{ $full{$path} // [] } }
	grep { $_->{show} && $_->{role} ne 'CLIENT' && $_->{path} !~ m{^/(picture|c|login|setup|settings/import/check)$} } pages();
for my $path (@addresses) {
	my $page = fetch($server, 'GET', $path, headers => "Accept-Encoding: gzip\r\n");
	is $page->{status}, 200, 'FastCGI: ' . substr($path, 0, 60);
	cmp_ok $page->{bytes}, '<=', $path eq '/style.css' ? 4600 : 14600, '... in one flight of segments';
	like $page->{head}, qr/Content-Encoding: gzip/i, '... compressed';
	$heaviest = $page->{bytes} if $page->{bytes} > $heaviest;
}
note "the heaviest answer has $heaviest bytes";
my $css = fetch($server, 'GET', '/style.css', headers => "Accept-Encoding: gzip\r\n");
cmp_ok length $css->{body}, '<=', 4096, 'the style sheet has 4 kB at most: ' . length $css->{body};

my %tokens;
for (1 .. 1000) {
	my $page = fetch($server, 'GET', '/login', cookies => {});
	$tokens{$1}++ if $page->{head} =~ /^Set-Cookie: sid=([0-9a-f]{32})/m;
}
is scalar(keys %tokens), 1000, 'a thousand visitors have a thousand tokens';
%cookies = %known;

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
