# With TLS, by lighttpd itself or by a server in front of it: cookies that no plain request carries or sets, and browsers
# that are told to come by TLS alone.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use File::Temp qw(tempdir);
use IO::Socket::INET;
use Server;
use Web;

plan skip_all => 'no lighttpd' unless defined $lighttpd;

# Is the session's cookie of the answer to a login as it must be?
sub cookies_ok {
	my ($answer, $what) = @_;
	my ($cookie) = $answer->{head} =~ /^Set-Cookie: (__Host-sid=[^\r\n]*)/m;
	like $cookie // '', qr/^__Host-sid=[0-9a-f]{32}; Path=\/; HttpOnly; SameSite=Lax; Secure(?:; Max-Age=\d+)?$/, "$what: the cookie of the session is for TLS alone";
	unlike $answer->{head}, qr/^Set-Cookie: (?!__Host-)/m, '... and so are all others';
	like $answer->{head}, qr/^Strict-Transport-Security: max-age=31536000\r?$/m, '... and the browser comes by TLS from now on';
}

# -- a server in front speaks TLS
my $server = server('lighttpd.conf', RECO_TLS => 'on');
cookies_ok(log_in($server, 'owner'), 'RECO_TLS=on');
is fetch($server, 'GET', '/products')->{status}, 200, 'who has logged in is in';
my %secure = %cookies;
%cookies = (sid => $secure{'__Host-sid'});
is fetch($server, 'GET', '/products')->{status}, 303, '... but not by a cookie of the name that a plain request could set';
stop($server);
$server = server('lighttpd.conf');
my $plain = log_in($server, 'owner');
unlike $plain->{head}, qr/Strict-Transport|Secure|__Host/, 'without TLS nothing is said of it';
%cookies = %secure;
is fetch($server, 'GET', '/products')->{status}, 303, '... and a cookie of TLS opens nothing';
stop($server);

# -- lighttpd speaks TLS
SKIP: {
	my $folder = tempdir(CLEANUP => 1);
	my $key = "$folder/key.pem";
	skip 'no openssl', 9 if system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop.example -keyout $key -out $folder/cert.pem 2>/dev/null") != 0;
	skip 'no lighttpd-mod-openssl', 9 unless grep { -e "$_/mod_openssl.so" } '/usr/lib/lighttpd', glob '/usr/lib/*/lighttpd';
	chmod 0755, $folder;
	chmod 0644, $key;
	my $free = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die;
	my $plain_port = $free->sockport;
	close $free;
	$server = server('lighttpd-tls.conf', RECO_CERTIFICATE => "$folder/cert.pem", RECO_KEY => $key, RECO_PLAIN_PORT => $plain_port);
	my $page = tls($server, 'GET', '/login');
	is $page->{status}, 200, 'a page comes by TLS';
	my ($csrf) = $page->{body} =~ /name="csrf" value="([0-9a-f]{32})"/;
	my ($before) = $page->{head} =~ /^Set-Cookie: (__Host-[^;]*)/m;
	cookies_ok(tls($server, 'POST', '/login', "csrf=$csrf&login=owner&password=secret+of+owner", $before), 'TLS of lighttpd');
	my $sent = fetch({ port => $plain_port }, 'GET', '/product?id=1&x=%41', headers => '');
	is $sent->{status}, 301, 'a plain request is sent on';
	like $sent->{head}, qr{^Location: https://127\.0\.0\.1(?::\d+)?/product\?id=1&x=A\r?$}m, '... to the same page by TLS';
	unlike $sent->{head}, qr/Set-Cookie/, '... without a cookie';
	is fetch({ port => $plain_port }, 'POST', '/login', body => 'login=owner&password=x')->{status}, 301, '... a plain form too, and nothing is done';
	is tls($server, 'GET', '/login', '', '', '-tls1_1')->{status}, 0, 'what is older than TLS 1.2 is not spoken';
	stop($server);
}

# One request by TLS.
sub tls {
	my ($server, $method, $address, $body, $cookie, @more) = @_;
	my $folder = tempdir(CLEANUP => 1);
	open my $request, '>', "$folder/request" or die;
	print $request "$method $address HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nCookie: ", $cookie // '', "\r\n",
		$method eq 'POST' ? "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " . length($body) . "\r\n\r\n$body" : "\r\n";
	close $request;
	my $answer = `openssl s_client -quiet -connect 127.0.0.1:$server->{port} @more <$folder/request 2>/dev/null`;
	my ($head, $content) = split /\r\n\r\n/, $answer, 2;
	return { status => ($head // '') =~ /^HTTP\S+ (\d+)/ ? $1 : 0, head => $head // '', body => $content // '' };
}

END { kill TERM => $server->{pid} if $server && $server->{pid} }
done_testing;
