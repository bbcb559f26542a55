# Uploads that are meant to take all memory: each is refused, or done with, within a bound, and the shop goes on.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Compress::Zlib;
use IO::Socket::INET;
use Server;
use Time::HiRes qw(sleep time);
use Web;

plan skip_all => 'no lighttpd' unless defined $lighttpd;

# A PNG picture of one colour, made row by row.
sub png {
	my ($width, $height) = @_;
	my ($deflate) = deflateInit(-Level => 1);
	my $row = "\0" . "\x20\x60\xA0" x $width;
	my $data = '';
	$data .= $deflate->deflate($row) for 1 .. $height;
	$data .= $deflate->flush;
	my $chunk = sub { my ($type, $bytes) = @_; return pack('N', length $bytes) . $type . $bytes . pack('N', crc32($type . $bytes)) };
	return "\x89PNG\r\n\x1A\n" . $chunk->('IHDR', pack('NNCCCCC', $width, $height, 8, 2, 0, 0, 0)) . $chunk->('IDAT', $data) . $chunk->('IEND', '');
}

my $server = server('lighttpd.conf');
is log_in($server, 'owner')->{status}, 303, 'an owner logs in';
my @web = map { /^\s*(\d+)\s+$server->{pid}\s/ ? $1 : () } `ps -eo pid,ppid`;
is scalar(@web), 2, 'two processes serve';

# The most memory that one of the processes has had since it was asked last, in megabytes: of the program, and of lighttpd.
sub peak {
	my @peaks;
	for my $pid (@_) {
		open my $in, '<', "/proc/$pid/status" or next;
		push @peaks, map { /^VmHWM:\s+(\d+) kB/ ? $1 / 1024 : () } <$in>;
		open my $out, '>', "/proc/$pid/clear_refs" or next;
		print $out '5';
		close $out;
	}
	return (sort { $b <=> $a } @peaks)[0];
}

sub form {
	my ($path, $field, $bytes) = @_;
	my $page = fetch($server, 'GET', $path);
	my %form = $page->{body} =~ /<input type="hidden" name="(csrf|once)" value="([0-9a-f]*)"/g;
	$form{what} = 'products' if $path =~ /import/;
	my $boundary = 'x' x 20;
	my $body = join '', map { "--$boundary\r\nContent-Disposition: form-data; name=\"$_\"\r\n\r\n$form{$_}\r\n" } sort keys %form;
	return ("$body--$boundary\r\nContent-Disposition: form-data; name=\"$field\"; filename=\"a\"\r\n\r\n$bytes\r\n--$boundary--\r\n", "multipart/form-data; boundary=$boundary");
}

sub upload {
	my ($path, $field, $bytes) = @_;
	my ($body, $type) = form($path, $field, $bytes);
	return fetch($server, 'POST', $path, body => $body, type => $type);
}

peak(@web);
my $idle = peak(@web);
note sprintf 'a process that has nothing to do: %.1f MB', $idle;
my $jpeg = do {
	is upload('/product/picture?id=3', 'picture', png(1200, 900))->{status}, 303, 'a picture is taken';
	fetch($server, 'GET', '/picture?hash=' . sql(q{SELECT hash FROM shop.product_image WHERE product_id = 3 AND size = 'large'}))->{body};
};
my $wide = $jpeg;
$wide =~ s/(\xFF[\xC0-\xC2]..\x08)..../$1 . pack('nn', 10000, 10000)/se;
my $square = $jpeg;
$square =~ s/(\xFF[\xC0-\xC2]..\x08)..../$1 . pack('nn', 5000, 5000)/se;
peak(@web);
for my $case (['a PNG of 10,000 x 10,000 pixels', 'picture', png(10000, 10000), 422, 12], ['a JPEG that says as much', 'picture', $wide, 422, 12],
	['a JPEG of 25 megapixels that ends at once', 'picture', $square, 422, 80], ['5 MB of nothing', 'picture', "\0" x (5 << 20), 422, 16],
	['5 MB of the beginnings of parts', 'picture', "\r\n--xxxxxxxxxxxxxxxxxxx" x 240_000, 422, 16],
	['the largest PNG that is taken', 'picture', png(3200, 2500), 303, 40], ['a table of nothing but separators', 'file', ';' x 1_000_000, 422, 30],
	['a table of 2,000 lines that are all wrong', 'file', "Nom;Prix\n" . join('', map { "Zz $_ " . 'x' x 190 . ";beaucoup\n" } 1 .. 1999), 303, 40],
	['a table of one cell of 1 MB', 'file', "Nom;Prix\n\"" . 'x' x 1_000_000 . "\";5\n", 303, 40]) {
	my ($what, $field, $bytes, $status, $most) = @$case;
	my $page = upload($field eq 'file' ? '/settings/import' : '/product/picture?id=3', $field, $bytes);
	is $page->{status}, $status, "$what: " . length($bytes) . ' bytes';
	my $peak = peak(@web) - $idle;
	cmp_ok $peak, '<=', $most, sprintf '... takes %.1f MB beyond the %.1f of an idle process', $peak, $idle;
}

# -- what is larger than any form is not taken in at all
$SIG{PIPE} = 'IGNORE';
for my $case (['as one piece', "Content-Length: 33554432\r\n", sub { $_[0] }], ['in pieces of unknown number', "Transfer-Encoding: chunked\r\n", sub { sprintf("%x\r\n", length $_[0]) . "$_[0]\r\n" }]) {
	my ($how, $header, $piece) = @$case;
	peak($server->{pid}, @web);
	my $before = peak(@web);
	my $start = time;
	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$server->{port}", Timeout => 10) or die;
	binmode $socket;
	$socket->autoflush(1);
	print $socket "POST /product/picture?id=3 HTTP/1.1\r\nHost: x\r\nCookie: sid=$cookies{sid}\r\nContent-Type: multipart/form-data; boundary=x\r\n$header\r\n";
	my $answer = '';
	for (1 .. 512) {
		last unless defined syswrite $socket, $piece->("\0" x 65536);
		my $ready = '';
		vec($ready, fileno $socket, 1) = 1;
		last if select($ready, undef, undef, 0);
	}
	sysread $socket, $answer, 4096;
	like $answer, qr/^HTTP\/1\.1 413/, "32 MB $how: refused";
	cmp_ok time - $start, '<', 5, '... at once';
	cmp_ok peak($server->{pid}), '<', 20, '... the web server did not keep it';
	cmp_ok peak(@web) - $before, '<', 1, '... and the program has not seen it';
}
my @pieces;
for (1 .. 100) {
	@pieces = grep { !/\.(?:conf|cgi|log|sock-\d|pid)$/ } glob "$server->{folder}/*";
	last if @pieces == 0;
	sleep 0.1;
}
is "@pieces", '', 'no piece of a file is left, once the connections are closed';
is fetch($server, 'GET', '/products')->{status}, 200, 'the shop goes on';
is scalar(grep { kill 0, $_ } @web), 2, '... with the processes that it had';
stop($server);

END { kill TERM => $server->{pid} if $server && $server->{pid} }
done_testing;
