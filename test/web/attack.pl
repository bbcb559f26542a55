# Lets sqlmap look for SQL injection in each field of each page, address and form, as the tables of pages and of fields
# have them; and in the cookies and headers that the program reads. Called by attack.sh, with the site and a folder for
# what sqlmap keeps; RECO_ATTACK chooses pages, or "cookies", by a pattern.
use strict;
use warnings;
use lib 'test/web';
use Web;

my ($site, $folder) = @ARGV;
my $owner = browser('owner');
my $csrf = { $owner->get('/password')->fields('/password') }->{csrf};
my $cookie = join '; ', map { "$_=$owner->{cookies}{$_}" } sort keys %{ $owner->{cookies} };
my ($secret) = $owner->get('/client/link?id=5')->submit('/client/link?id=5')->{body} =~ m{/c\?k=([0-9a-f]{32})};
my $hash = sql('SELECT coalesce(max(hash), repeat(\'0\', 64)) FROM shop.product_image');
my %ids = (category => 1, supplier => 1, from => 1, product => 1, add => 1, drop => 1, pick => 5, client => 5, after => 5, seen => 1, all => 1, id => 1);
# A user that is nobody's session, and a password that is not the right one: the session must last.
my %better = ('/client/link' => 'id=6', '/settings/user' => 'id=3', '/login' => 'password=wrong', '/password' => 'old=wrong', '/c' => "k=$secret");

# Something that a field takes.
sub value {
	my ($field) = @_;
	my $type = $field->{type};
	return $field->{name} =~ /name|q|who|what/ ? 'riz' : '1 riz' if $type =~ /^(TEXT|LINES)$/;
	return $ids{ $field->{name} } // 1 if $type eq 'ID';
	return ($field->{options} =~ /^([^|]*)/)[0] if $type eq 'CHOICE';
	return $field->{most} =~ /^64/ ? $hash : $secret if $type eq 'HEX';
	return { INTEGER => 5, NUMBER => 5, PHONE => '0997123456', CHECK => 1, DATE => '2026-01-05', PASSWORD => 'trois poules noires', PATH => '/products' }->{$type};
}

# name=value for each field of a table, and their names; a file is none: what it holds is for the fuzzer.
sub pairs {
	my ($table, %known) = @_;
	my (@pairs, @names);
	for my $field (grep { $_->{type} ne 'FILE' } fields($table)) {
		my $name = $field->{name} . ($field->{flags} =~ /EACH/ ? 1 : '');
		push @names, $name;
		push @pairs, Web::Browser::encode($name, $known{$name} // value($field));
	}
	return (join('&', @pairs), @names);
}

# Does sqlmap find something? 1: yes; 0: it has looked and found nothing; -1: it has not looked.
sub attack {
	my (@options) = @_;
	my $pid = open my $said, '-|';
	die unless defined $pid;
	if (!$pid) {
		open STDIN, '<', '/dev/null';
		open STDERR, '>&', \*STDOUT;
		exec 'sqlmap', '--batch', '--level', 2, '--risk', 1, '--technique', 'BEU', '--dbms', 'postgresql', '--output-dir', "$folder/sqlmap",
			'--flush-session', '--disable-coloring', '--threads', 2, '--ignore-redirects', '--ignore-code', '400,403,404,413,422', @options;
	}
	local $/;
	my $text = <$said>;
	close $said;
	return 1 if $text =~ /is vulnerable|identified the following injection point/;
	return 0 if $text =~ /all tested parameters do not appear to be injectable/;
	print $text =~ s/^/# /gmr;
	return -1;
}

my $failed = 0;
my $parameters = 0;
sub report {
	my ($found, $what, @names) = @_;
	$parameters += @names;
	print $found == 0 ? 'ok' : 'not ok', " - $what", @names ? ": @names" : '', $found > 0 ? ': found something' : $found < 0 ? ': was not tested' : '', "\n";
	$failed++ if $found != 0;
}

$| = 1;
my $pattern = $ENV{RECO_ATTACK} // '';
my $chosen = qr/$pattern/;
for my $page (pages()) {
	my $path = $page->{path};
	next if $path !~ $chosen;
	my %known = map { split /=/ } split /&/, $better{$path} // (split /\?/, address($owner, $path))[1] // '';
	my ($query, @query) = pairs($page->{query}, %known);
	my $with = $page->{role} eq 'CLIENT' ? "link=$secret; $cookie" : $cookie;
	my $address = $site . $path . (@query ? "?$query" : '');
	report(attack('-u', $address, '--cookie', $with, '-p', join(',', @query)), "look at $path", @query) if $page->{show} && @query;
	my ($form, @form) = pairs($page->{form}, %known);
	if ($page->{act} && (@form || @query)) {
		my @once = $page->{once} ? ('--eval', 'import os, binascii; once = binascii.hexlify(os.urandom(16)).decode()') : ();
		my $data = join '&', grep { $_ ne '' } $form, "csrf=$csrf", $page->{once} ? 'once=' . '0' x 32 : '';
		report(attack('-u', $address, '--cookie', $with, '--data', $data, '-p', join(',', @query, @form), @once), "send to $path", @query, @form);
	}
}
report(attack('-u', "$site/products", '--cookie', "$cookie; link=$secret; lang=fr", '-p', 'sid,link,lang,user-agent,referer', '--level', 3), 'cookies and headers',
	qw(sid link lang user-agent referer)) if 'cookies' =~ $chosen;
print "# $parameters parameters\n";
exit($failed > 0);
