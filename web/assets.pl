#!/usr/bin/perl
# Makes the style sheet and the passwords that everybody tries part of the program:
#
#   assets.pl reco.css passwords.txt > assets.c
#
# Most of the passwords are those of the list of the Openwall Project (Debian's john-data), which is assumed to be in
# the public domain, from four letters on; the others are words of this country.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);

open my $in, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
local $/;
my $css = <$in>;
$css =~ s/\n//g;
printf "/* Made by assets.pl. */\n#include \"auth.h\"\n#include \"layout.h\"\n\n";
printf "const char style_css_hash[] = \"%s\";\nconst unsigned style_css_len = %d;\nconst char style_css[] =\n",
	substr(sha256_hex($css), 0, 16), length $css;
for my $line (unpack '(a100)*', $css) {
	$line =~ s/(["\\])/\\$1/g;
	print "\t\"$line\"\n";
}
print ";\n";

open my $list, '<', $ARGV[1] or die "$ARGV[1]: $!\n";
my %words = map { lc($_) => 1 } grep { $_ ne '' } split /\n/, <$list>;
print "\nconst char *const common_passwords[] = {\n";
print "\t\"", s/(["\\])/\\$1/gr, "\",\n" for sort keys %words;
print "};\nconst int common_password_count = sizeof(common_passwords) / sizeof(common_passwords[0]);\n";
