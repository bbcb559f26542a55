# What the sources of the web front promise: one file calls the database, one writes pages, all words are translated.
use strict;
use warnings;
use utf8;
use Test::More;
use File::Copy qw(copy);
use File::Temp qw(tempdir);

my %source;
for my $file (glob 'web/*.c web/*.h') {
	next if $file =~ /(messages|assets)\.c$/;
	open my $in, '<:encoding(UTF-8)', $file or die;
	local $/;
	$source{$file} = <$in>;
}
ok keys %source > 20, 'there are sources';

# The files in which a pattern occurs.
sub where { my ($pattern) = @_; return join ' ', grep { $source{$_} =~ $pattern } sort keys %source }

is where(qr/\bPQ[a-z]+\w*\s*\(|libpq-fe/), 'web/db.c', 'the database is called by db.c alone';
my @plain = $source{'web/db.c'} =~ /PQexec\(([^)]*)\)/g;
is_deeply \@plain, ['db.connection, words', 'db.connection, "COMMIT"'], '... statements without parameters are those of transactions';
is_deeply [sort { $a cmp $b } grep { !/^words$/ } $source{'web/db.c'} =~ /\brun\(([^)]*)\)/g],
	[sort { $a cmp $b } '"BEGIN"', '"ROLLBACK"', '"SAVEPOINT attempt"', '"ROLLBACK TO attempt"', '"RELEASE attempt"', 'const char *words'], '... which are these';
is where(qr/db_(query|find)\(/), 'web/db.c web/db.h', 'all others are literals, which the macros query(), find() and attempt() see to';
is where(qr/\b(s|vs)printf\(|\bstrcpy\(|\bstrcat\(|\bgets\(|\bscanf\(|\balloca\(/), '', 'no writing without bounds';
is where(qr/\b(system|popen|exec[lv]p?e?)\s*\(/), '', 'no other program is called';
is where(qr/LIT\("[^"]*\\"? style=|<script|javascript:|\bon(click|load|error)=/), '', 'no script and no style inside pages';
unlike $_, qr/LIT\((?!literal\)|")/, 'what is not escaped is a literal' for join '', values %source;
for my $file (sort keys %source) {
	cmp_ok scalar(() = $source{$file} =~ /\n/g), '<', 800, "$file has less than 800 lines";
}

# -- asvs.md names the tests that hold what it promises
open my $asvs, '<:encoding(UTF-8)', 'test/web/asvs.md' or die;
my %held = map { $_ => 1 } map { /\b(\d\d)\b/g } map { (split /\|/)[3] // '' } <$asvs>;
cmp_ok scalar(keys %held), '>', 10, 'asvs.md names tests';
is join(' ', grep { my @files = glob "test/web/${_}_*.t"; @files != 1 } sort keys %held), '', '... which are all there';

# -- translations: the build fails when one is missing, empty or of another shape
sub compile {
	my ($change) = @_;
	my $folder = tempdir(CLEANUP => 1);
	copy($_, $folder) or die for glob 'web/po/*';
	if ($change) {
		my ($file, $from, $to) = @$change;
		open my $in, '<:encoding(UTF-8)', "$folder/$file" or die;
		my $text = do { local $/; <$in> };
		$text =~ s/$from/$to/ or die "nothing changed in $file";
		open my $out, '>:encoding(UTF-8)', "$folder/$file" or die;
		print $out $text;
		close $out;
	}
	my $said = `perl $folder/compile.pl @{[grep { /\.c$/ } sort keys %source]} 2>&1 >/dev/null`;
	return $? == 0 ? '' : $said;
}
is compile(), '', 'the translations are complete';
like compile(['sw.po', qr/msgid "Price"\nmsgstr "[^"]*"\n/, '']), qr/sw\.po: no translation of "Price"/, 'one that is missing fails the build';
like compile(['fr.po', qr/(?<=msgid "Price"\nmsgstr )"[^"]*"/, '""']), qr/fr\.po: no translation of "Price"/, 'so does an empty one';
like compile(['fr.po', qr/msgstr "reste %1"/, 'msgstr "reste"']), qr/fr\.po: other places than "%1 left"/, 'so does one without its number';
like compile(['en.po', qr/msgstr "%1 left"/, 'msgstr "%2 left"']), qr/en\.po: other places/, '... or with another one';
like compile(['sw.po', qr/\n\z/, qq{\n\nmsgid "Nobody says this"\nmsgstr "x"\n}]), qr/in no source: "Nobody says this"/, '... and one that nobody needs';

done_testing;
