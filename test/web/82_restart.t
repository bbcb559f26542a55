# PostgreSQL is stopped and started again, fast and without mercy, while people work: they see one page that says
# so, go on with the session that they had, and what they sold is sold once or not at all, never twice.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use File::Temp qw(tempdir);
use POSIX ();
use Server;
use Time::HiRes qw(sleep time);
use Web;

my $data = "$ENV{PGHOST}/../data";
plan skip_all => 'no lighttpd' unless defined $lighttpd;
plan skip_all => 'the server is none of cluster.sh' unless -d $data;

# Has pg_ctl stop or start the server, or both.
sub postgres {
	my ($what, $mode) = @_;
	my @log = $what eq 'stop' ? () : ('-l', "$ENV{PGHOST}/../log");
	my @mode = defined $mode ? ('-m', $mode) : ();
	my $pid = fork // die;
	if (!$pid) {
		chdir '/';
		exec @as, 'pg_ctl', '-s', '-w', '-D', $data, @mode, @log, $what or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	return $?;
}

# What is answered as done shall be kept by the server even if it is stopped without mercy.
sql('ALTER ROLE shop_web SET synchronous_commit = on');
my $goods = sql('SELECT min(id) FROM shop.product WHERE active AND NOT divisible');
sql("SELECT shop.receive(product_ids => ARRAY[$goods], quantities => ARRAY[100000])");
my %words = (fr => 'Indisponible pour un moment', en => 'Not available for a moment', sw => 'Haipatikani kwa muda');

# A form of the till that sells one of the goods; what was answered where there is none.
sub till {
	my ($server, @more) = @_;
	my $page = fetch($server, 'GET', "/sell?add=$goods", @more);
	my %form = $page->{body} =~ /<input type="hidden" name="(csrf|once|total)" value="([^"]*)"/g;
	$page->{form} = "csrf=$form{csrf}&once=$form{once}&total=$form{total}&quantity$goods=1&method=cash" if $form{once} && $form{csrf};
	return $page;
}

# Is this the page that says so, in that language, and that alone?
sub away {
	my ($page, $language) = @_;
	utf8::decode(my $body = $page->{body});
	return $page->{status} == 503 && $body =~ /$words{$language}/ && $page->{head} =~ /^Retry-After: 30/m
		&& $body !~ /SQL|FATAL|terminat|shut|server|socket|relation/i;
}

for my $conf ('lighttpd.conf', 'lighttpd-cgi.conf') {
	my $server = server($conf);
	is log_in($server, 'cashier')->{status}, 303, "$conf: a cashier logs in";
	for my $mode ('fast', 'immediate') {
		# One sale waits for a lock when the server goes.
		my $form = till($server)->{form};
		my $sales = sql('SELECT count(*) FROM shop.sale');
		open(my $lock, '|-', 'psql -X -q -d reco_web 2>/dev/null') or die;
		$lock->autoflush(1);
		print $lock "BEGIN; LOCK TABLE shop.sale IN EXCLUSIVE MODE;\n";
		for (1 .. 100) { last if sql(q{SELECT count(*) FROM pg_locks WHERE relation = 'shop.sale'::regclass AND mode = 'ExclusiveLock' AND granted}); sleep 0.05 }
		my $child = fork // die;
		POSIX::_exit(away(fetch($server, 'POST', '/sell', body => $form), 'fr') ? 0 : 1) if !$child;
		my $waits = 0;
		for (1 .. 100) { last if $waits = sql(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'shop_web' AND wait_event_type = 'Lock'}); sleep 0.05 }
		is $waits, 1, 'a sale is under way';

		is postgres('stop', $mode), 0, "the database stops, $mode";
		waitpid $child, 0;
		is $?, 0, '... the sale is answered by the page that says so';
		close $lock;
		for my $language (sort keys %words) {
			ok away(fetch($server, 'GET', '/products', headers => "Accept-Language: $language\r\n"), $language), "... and so is who looks, in $language";
		}
		is fetch($server, 'GET', '/style.css')->{status}, 200, '... with its style';
		ok away(fetch($server, 'POST', '/sell', body => $form), 'fr'), '... and whoever sends the sale again';
		is postgres('start'), 0, 'it is there again';
		my $page = fetch($server, 'GET', '/products');
		is $page->{status}, 200, '... the first page works';
		like $page->{body}, qr/Muhindo/, '... for who was logged in';
		is sql('SELECT count(*) FROM shop.sale'), $sales, 'nothing of the sale is done';
		is fetch($server, 'POST', '/sell', body => $form)->{status}, 303, '... sent again it is';
		my ($receipt) = fetch($server, 'POST', '/sell', body => $form)->{head} =~ /^Location: (\S+)/m;
		is fetch($server, 'GET', $receipt)->{status}, 200, '... and once more leads to its receipt';
		is sql('SELECT count(*) FROM shop.sale'), $sales + 1, '... of the one sale that there is';
	}

	# Four tills sell without a pause, each form sent until it is answered, while the server goes again and again.
	my $folder = tempdir(CLEANUP => 1);
	my $first = sql('SELECT max(id) FROM shop.sale');
	my $left = sql("SELECT on_hand FROM shop.stock_level WHERE product_id = $goods");
	my @tills;
	for my $number (1 .. 4) {
		my $pid = fork // die;
		if ($pid) { push @tills, $pid; next }
		my $language = (sort keys %words)[$number % 3];
		my @more = (headers => "Accept-Language: $language\r\n");
		my ($forms, $odd, $refused) = (0, 0, 0);
		my %receipts;
		while (!-e "$folder/end") {
			my $page = till($server, @more);
			if (!$page->{form}) {
				$refused++;
				$odd++ unless away($page, $language);
				sleep 0.02;
				next;
			}
			$forms++;
			while (1) {
				my $answer = fetch($server, 'POST', '/sell', body => $page->{form}, @more);
				if ($answer->{status} == 303) {
					$receipts{ $answer->{head} =~ /^Location: (\S+)/m ? $1 : '' }++;
					last;
				}
				$refused++;
				$odd++ unless away($answer, $language);
				sleep 0.02;
			}
		}
		open my $out, '>', "$folder/$number" or POSIX::_exit(1);
		print $out join(' ', $forms, scalar(keys %receipts), $odd, $refused, map { /id=(\d+)/ ? $1 : 0 } keys %receipts), "\n";
		close $out;
		POSIX::_exit(0);
	}
	my $restarts = 0;
	for my $mode ('fast', 'immediate', 'fast', 'immediate') {
		sleep 0.4;
		$restarts++ if postgres('restart', $mode) == 0;
	}
	sleep 0.4;
	is $restarts, 4, "$conf: four tills sell while the database goes four times";
	open my $end, '>', "$folder/end" or die;
	close $end;
	waitpid $_, 0 for @tills;
	my ($forms, $receipts, $odd, $refused, @ids) = (0, 0, 0, 0);
	for my $number (1 .. 4) {
		open my $in, '<', "$folder/$number" or next;
		my @said = split ' ', <$in>;
		($forms, $receipts, $odd, $refused) = ($forms + $said[0], $receipts + $said[1], $odd + $said[2], $refused + $said[3]);
		push @ids, @said[4 .. $#said];
	}
	note "$forms forms, $refused times there was no answer but that page";
	cmp_ok $forms, '>=', 4, '... each of them';
	cmp_ok $refused, '>', 0, '... and not always at once';
	is $odd, 0, '... but what they see is their page, or the one that says so in their language';
	is $receipts, $forms, 'each form has a receipt of its own';
	is sql("SELECT count(*) FROM shop.sale WHERE id > $first"), $forms, '... and was one sale';
	is sql("SELECT count(*) FROM shop.sale WHERE id IN (" . join(',', @ids) . ")"), $forms, '... which is there';
	is sql("SELECT count(*) FROM shop.web_payment WHERE sale_id > $first"), $forms, '... and paid once';
	is $left - sql("SELECT on_hand FROM shop.stock_level WHERE product_id = $goods"), $forms, '... and as many goods are gone';
	stop($server);
}
is sql('SELECT count(*) FROM shop.stock_level l WHERE l.on_hand <> (SELECT coalesce(sum(m.quantity), 0) FROM shop.stock_move m WHERE m.product_id = l.product_id)'), 0,
	'the stock is the sum of its movements';

END {
	# The tests that follow need the server.
	if (-d $data) {
		my $status = $?;
		postgres('start') if system('pg_isready -q') != 0;
		$? = $status;
	}
}
done_testing;
