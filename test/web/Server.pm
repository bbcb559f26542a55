# A real web server before the program, for the tests that need one: lighttpd with a configuration of ours, and
# a client that sends requests as bytes and keeps cookies.
package Server;
use strict;
use warnings;
use Exporter 'import';
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use Time::HiRes qw(sleep);
use Web ();

our @EXPORT = qw(server stop fetch log_in %cookies @as $lighttpd);

our $lighttpd = (grep { -x } map { "$_/lighttpd" } split(/:/, $ENV{PATH}), '/usr/sbin')[0];
my $owner_uid = (stat $ENV{PGHOST})[4];
my $owner_gid = (stat _)[5];
our @as = $> == 0 ? ('setpriv', "--reuid=$owner_uid", "--regid=$owner_gid", '--clear-groups') : ();

# Starts lighttpd with one of our configurations; returns its port, its folder and its process.
sub server {
	my ($conf, %more) = @_;
	my $folder = tempdir('reco-web.XXXXXX', TMPDIR => 1, CLEANUP => 1);
	copy(Web::CGI, "$folder/reco.cgi") and chmod 0755, "$folder/reco.cgi" or die;
	copy($_, $folder) or die for glob 'web/*.conf';
	chown $owner_uid, $owner_gid, $folder, "$folder/reco.cgi";
	my $free = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die;
	my $port = $free->sockport;
	close $free;
	my $pid = fork // die;
	if (!$pid) {
		%ENV = (PATH => $ENV{PATH}, RECO_CGI => "$folder/reco.cgi", RECO_RUN => $folder, RECO_DSN => Web::DSN, RECO_SCHEMA => 'shop',
			WEB_PORT => $port, %more);
		chdir '/';
		open STDERR, '>>', "$folder/start.log";
		exec @as, $lighttpd, '-D', '-f', "$folder/$conf" or exit 127;
	}
	for (1 .. 100) {
		last if IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
		sleep 0.05;
	}
	return { port => $port, folder => $folder, pid => $pid };
}

sub stop { my ($server) = @_; kill TERM => $server->{pid}; waitpid $server->{pid}, 0; delete $server->{pid} }

# One request, raw: status, headers, body as it came. Cookies are kept, in a jar of their own if there is one.
our %cookies;
sub fetch {
	my ($server, $method, $address, %more) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$server->{port}", Timeout => 10) or return { status => 0, head => '', body => '' };
	binmode $socket;
	my $body = $more{body} // '';
	my $jar = $more{cookies} // \%cookies;
	my $head = "$method $address HTTP/1.1\r\nHost: 127.0.0.1:$server->{port}\r\nConnection: close\r\nCookie: "
		. join('; ', map { "$_=$jar->{$_}" } keys %$jar) . "\r\n" . ($more{headers} // '');
	$head .= "Content-Type: " . ($more{type} // 'application/x-www-form-urlencoded') . "\r\nContent-Length: " . ($more{length} // length $body) . "\r\n" if $method eq 'POST';
	print $socket "$head\r\n$body";
	local $/;
	my $answer = <$socket> // '';
	my ($top, $content) = split /\r\n\r\n/, $answer, 2;
	while (($top // '') =~ /^Set-Cookie: ([^=]+)=([^;]*)/mg) { $jar->{$1} = $2 }
	return { status => ($top // '') =~ /^HTTP\S+ (\d+)/ ? $1 : 0, head => $top // '', body => $content // '', bytes => length $answer };
}

sub log_in {
	my ($server, $login) = @_;
	%cookies = ();
	my $page = fetch($server, 'GET', '/login');
	my ($csrf) = $page->{body} =~ /name="csrf" value="([0-9a-f]{32})"/;
	return fetch($server, 'POST', '/login', body => "csrf=$csrf&login=$login&password=secret+of+$login");
}

1;
