# Drives the CGI program as a web server would: a made environment, the form on standard input.
#
# The server that PGHOST leads to has the database reco_web with a small shop, see setup.sql; RECO_WEB_CGI is
# the program. A browser of these tests keeps cookies and reads forms.
package Web;
use strict;
use warnings;
use utf8;
use Exporter 'import';
use IPC::Open3;
use Symbol 'gensym';
use Test::More;

our @EXPORT = qw(browser sql pages address fields);

use constant CGI => $ENV{RECO_WEB_CGI} // 'web/reco.cgi';
use constant DSN => "host=$ENV{PGHOST} port=" . ($ENV{PGPORT} // 5432) . ' dbname=reco_web user=shop_web';

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);

# One value of the database, as a superuser.
sub sql {
	my ($statement) = @_;
	open my $psql, '-|:encoding(UTF-8)', 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', 'reco_web', '-c', $statement
		or die "no psql: $!";
	my $answer = join '', <$psql>;
	close $psql or die "psql: $statement";
	chomp $answer;
	return $answer;
}

# A browser: logged in as whom, if anybody.
sub browser {
	my ($login, $password) = @_;
	my $self = bless { cookies => {}, language => 'fr', headers => {} }, 'Web::Browser';
	if (defined $login) {
		my $page = $self->get('/login')->submit('/login', login => $login, password => $password // "secret of $login");
		$page->{status} == 303 or die "no login as $login: $page->{status} $page->{body}";
	}
	return $self;
}

# The table of pages as main.c has it: path, role, whether there is something to look at and to send, and the names
# of the tables of what may be in its address and in its form.
sub pages {
	open my $in, '<', 'web/main.c' or die;
	my @pages;
	while (<$in>) {
		push @pages, { path => $1, role => $2, query => $3, form => $4, show => $5 ne 'NULL', act => $6 ne 'NULL', once => $7 eq 'true' }
			if m{^\t\{"(/[^"]*)", ROLE_([A-Z]+), ([a-z_]+|NULL), ([a-z_]+|NULL), ([a-z_]+|NULL), ([a-z_]+|NULL), (true|false)\},};
	}
	return @pages;
}

# The fields of such a table, as the sources of the pages have it: name, type, the largest value, flags, options.
my %tables;
sub fields {
	my ($table) = @_;
	if (!%tables) {
		local @ARGV = glob 'web/pages_*.c';
		my $name;
		while (<>) {
			$name = $1 if /^const Field (\w+)\[\] = /;
			undef $name if /^};/;
			push @{ $tables{$name} }, { name => $1, type => $2, most => $3, flags => $4, options => $5 // '' }
				if defined $name && /^\t\{"(\w+)", .*?, FIELD_(\w+), [^,]*, ([^,]*), ([A-Z_| 0]+), (?:"([^"]*)"|NULL)?/;
		}
	}
	return @{ $tables{$table} // [] };
}

# The address by which a page is there, for an owner: with an id where it is about something.
my %address;
sub address {
	my ($owner, $path) = @_;
	if (!exists $address{$path}) {
		my $move = sql(q{SELECT max(m.id) FROM shop.stock_move m WHERE m.kind = 'writeoff' AND m.source IS NULL
			AND NOT EXISTS (SELECT FROM shop.stock_move v WHERE v.reverses = m.id)});
		my $alert = sql('SELECT max(id) FROM shop.web_alert');
		($address{$path}) = grep { $owner->get($_)->{status} == 200 }
			map { "$path$_" } '', '?id=1', '?id=5', '?product=1', "?id=$move", "?id=$alert";
		$address{$path} //= $path;
	}
	return $address{$path};
}

package Web::Browser;
use strict;
use warnings;
use IPC::Open3;
use Symbol 'gensym';

# Sends a request, any: method, address, body, type of the body. More variables of the environment at the end.
sub request {
	my ($self, $method, $address, $body, $type, %more) = @_;
	my ($path, $query) = split /\?/, $address, 2;
	$body //= '';
	utf8::downgrade($body);
	my %environment = (
		PATH => $ENV{PATH}, GATEWAY_INTERFACE => 'CGI/1.1', SERVER_PROTOCOL => 'HTTP/1.1', RECO_DSN => Web::DSN,
		REQUEST_METHOD => $method, SCRIPT_NAME => '', PATH_INFO => $path, QUERY_STRING => $query // '',
		HTTP_HOST => 'shop.example', REMOTE_ADDR => '192.0.2.1', HTTP_ACCEPT_LANGUAGE => $self->{language},
		HTTP_COOKIE => join('; ', map { "$_=$self->{cookies}{$_}" } sort keys %{ $self->{cookies} }),
		%{ $self->{headers} }, %more);
	if ($method eq 'POST') {
		$environment{CONTENT_LENGTH} //= length $body;
		$environment{CONTENT_TYPE} //= $type // 'application/x-www-form-urlencoded';
	}
	my $errors = gensym;
	my ($out, $in, $pid);
	{
		local %ENV = (%environment, map { $_ => $ENV{$_} } grep { /^(ASAN|UBSAN)_/ } keys %ENV);
		$pid = open3($in, $out, $errors, Web::CGI);
	}
	local $SIG{PIPE} = 'IGNORE';
	binmode $_ for $in, $out, $errors;
	print $in $body;
	close $in;
	local $/;
	my $answer = <$out> // '';
	my $log = <$errors> // '';
	waitpid $pid, 0;
	my ($head, $content) = split /\r\n\r\n/, $answer, 2;
	my $page = bless {
		browser => $self, address => $address, log => $log, exit => $?, raw => $content // '', headers => {},
	}, 'Web::Page';
	for my $line (split /\r\n/, $head // '') {
		my ($name, $value) = split /: /, $line, 2;
		push @{ $page->{headers}{ lc $name } }, $value;
	}
	$page->{status} = int($page->header('Status') || 0);
	$page->{body} = $page->{raw};
	utf8::decode($page->{body}) if $page->header('Content-Type') =~ /utf-8/;
	for my $cookie (@{ $page->{headers}{'set-cookie'} // [] }) {
		my ($name, $value, $rest) = $cookie =~ /^([^=]+)=([^;]*)(.*)/;
		if ($rest =~ /Max-Age=0/) { delete $self->{cookies}{$name} } else { $self->{cookies}{$name} = $value }
	}
	return $page;
}

sub get {
	my ($self, $address, %more) = @_;
	return $self->request('GET', $address, undef, undef, %more);
}

# Fields as a form sends them.
sub encode {
	my (@fields) = @_;
	my @pairs;
	while (my ($name, $value) = splice @fields, 0, 2) {
		utf8::encode($value) if utf8::is_utf8($value);
		for my $text ($name, $value) { $text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge }
		push @pairs, "$name=$value";
	}
	return join '&', @pairs;
}

sub post {
	my ($self, $address, @fields) = @_;
	return $self->request('POST', $address, encode(@fields));
}

package Web::Page;
use strict;
use warnings;

sub header {
	my ($self, $name) = @_;
	my $values = $self->{headers}{ lc $name };
	return $values ? join ', ', @$values : '';
}

# The fields that the form with an action has on this page, with their values; one that posts before one that looks.
sub fields {
	my ($self, $action) = @_;
	my ($form) = map { $self->{body} =~ m{<form $_[^>]*action="\Q$action\E"[^>]*>(.*?)</form>}s } 'method="post" ', '';
	die "no form $action on $self->{address} ($self->{status})" unless defined $form;
	my @fields;
	while ($form =~ m{<input ([^>]*)>|<select ([^>]*)>(.*?)</select>|<textarea ([^>]*)>\n?(.*?)</textarea>}sg) {
		my ($input, $select, $options, $area, $text) = ($1, $2, $3, $4, $5);
		my ($name) = ($input // $select // $area) =~ /\bname="([^"]*)"/ or next;
		my $value;
		if (defined $input) {
			next if $input =~ /type="(?:checkbox|radio)"/ && $input !~ /\bchecked\b/;
			next if $input =~ /type="file"/;
			($value) = $input =~ /\bvalue="([^"]*)"/;
		} elsif (defined $select) {
			($value) = $options =~ /<option value="([^"]*)" selected/;
			($value) = $options =~ /<option value="([^"]*)"/ unless defined $value;
		} else {
			$value = $text;
		}
		$value //= '';
		$value =~ s/&lt;/</g; $value =~ s/&gt;/>/g; $value =~ s/&quot;/"/g; $value =~ s/&#39;/'/g;
		$value =~ s/&#10;/\n/g; $value =~ s/&amp;/&/g;
		push @fields, $name, $value;
	}
	return @fields;
}

# Fills in the form with an action and sends it; a value undef leaves the field out.
sub submit {
	my ($self, $action, %typed) = @_;
	my @fields = $self->fields($action);
	my @sent;
	while (my ($name, $value) = splice @fields, 0, 2) {
		if (exists $typed{$name}) {
			$value = delete $typed{$name};
			next unless defined $value;
		}
		push @sent, $name, $value;
	}
	push @sent, map { $_ => $typed{$_} } grep { defined $typed{$_} } sort keys %typed;
	my $address = $action;
	$address =~ s/&amp;/&/g;
	return $self->{browser}->post($address, @sent);
}

# Where it sends the browser to, fetched.
sub follow {
	my ($self) = @_;
	my $address = $self->header('Location') or die "$self->{address} leads nowhere ($self->{status})";
	return $self->{browser}->get($address);
}

1;
