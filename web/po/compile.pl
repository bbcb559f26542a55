#!/usr/bin/perl
# Makes a C table of the messages in po/fr.po, en.po and sw.po.
#
#   compile.pl SOURCE.c... > messages.c
#
# Fails when a message of the sources is in no table, when one of the table is in no source, when a
# translation is missing or empty, and when its places %1, %2, %3 are not those of the English text. The
# mark "#. review" above a translation says that somebody of the country should look at it.
use strict;
use warnings;
use File::Basename;

my @languages = qw(fr en sw);
my $folder = dirname($0);
my @problems;

# The text of C string literals in a row: "a" "b".
sub literal {
	my ($text) = @_;
	my $value = join '', $text =~ /"((?:[^"\\]|\\.)*)"/g;
	return $value;
}

my %used;
for my $file (@ARGV) {
	open my $in, '<', $file or die "$file: $!\n";
	local $/;
	my $source = <$in>;
	while ($source =~ /(?<![A-Za-z0-9])_\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)/g) {
		$used{literal($1)} //= basename($file);
	}
	# What is said must be marked, or it would not be looked for.
	while ($source =~ /\b(?:MSG|COUNT|say|say_with)\(\s*(?:r,\s*)?"([^"]*)"/g) {
		push @problems, basename($file) . ": not marked by _(): \"$1\"";
	}
}

# The messages of one language: msgid => msgstr.
sub read_po {
	my ($file) = @_;
	my (%messages, $id, $part);
	my %entry;
	my $store = sub {
		return unless defined $entry{msgid};
		if ($entry{msgid} ne '') {
			push @problems, "$file: twice: \"$entry{msgid}\"" if exists $messages{$entry{msgid}};
			$messages{$entry{msgid}} = $entry{msgstr} // '';
		}
		%entry = ();
	};
	open my $in, '<', "$folder/$file" or die "$folder/$file: $!\n";
	while (my $line = <$in>) {
		if ($line =~ /^(msgid|msgstr)\s+("(?:[^"\\]|\\.)*")\s*$/) {
			$store->() if $1 eq 'msgid';
			$part = $1;
			$entry{$part} = literal($2);
		} elsif ($line =~ /^("(?:[^"\\]|\\.)*")\s*$/ && defined $part) {
			$entry{$part} .= literal($1);
		} elsif ($line !~ /^\s*(#.*)?$/) {
			push @problems, "$file:$.: not understood";
		}
	}
	$store->();
	# French puts a thin space, at which no line ends, before these signs.
	s/ (?=[;:!?])/\xE2\x80\xAF/g for $file eq 'fr.po' ? values %messages : ();
	return \%messages;
}

sub places {
	my ($text) = @_;
	my %seen = map { $_ => 1 } $text =~ /%([1-9])/g;
	push @problems, "a lone % in \"$text\"" if $text =~ /%(?![1-3]|$| )/;
	return join ',', sort keys %seen;
}

my %tables = map { $_ => read_po("$_.po") } @languages;
for my $language (@languages) {
	my $table = $tables{$language};
	for my $id (sort keys %used) {
		if (!exists $table->{$id} || $table->{$id} eq '') {
			push @problems, "$language.po: no translation of \"$id\" ($used{$id})";
		} elsif (places($table->{$id}) ne places($id)) {
			push @problems, "$language.po: other places than \"$id\": \"$table->{$id}\"";
		}
	}
	for my $id (sort keys %$table) {
		push @problems, "$language.po: in no source: \"$id\"" unless exists $used{$id};
	}
}
if (@problems) {
	print STDERR "$_\n" for @problems;
	exit 1;
}

print "/* Made by po/compile.pl of the .po files. */\n#include \"i18n.h\"\n\nconst Message messages[] = {\n";
for my $id (sort keys %used) {
	print "\t{\"$id\", {" . join(', ', map { "\"$tables{$_}{$id}\"" } @languages) . "}},\n";
}
print "};\n\nconst int message_count = sizeof(messages) / sizeof(messages[0]);\n";
