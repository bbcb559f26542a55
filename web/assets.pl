#!/usr/bin/perl
# Makes the style sheet part of the program: assets.pl reco.css > assets.c
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);

open my $in, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
local $/;
my $css = <$in>;
$css =~ s/\n//g;
printf "/* Made by assets.pl of reco.css. */\n#include \"layout.h\"\n\n";
printf "const char style_css_hash[] = \"%s\";\nconst unsigned style_css_len = %d;\nconst char style_css[] =\n",
	substr(sha256_hex($css), 0, 16), length $css;
for my $line (unpack '(a100)*', $css) {
	$line =~ s/(["\\])/\\$1/g;
	print "\t\"$line\"\n";
}
print ";\n";
