# The parsers of what comes in, under the sanitizers, with some thousand changed inputs; "make web-fuzz" does it at length.
use strict;
use warnings;
use Test::More;

is system('make -s --no-print-directory web/fuzz-gcc >/dev/null 2>&1'), 0, 'the fuzzer is built';
for my $seed (1, 2) {
	my $said = `web/fuzz-gcc 4 $seed 2>&1`;
	is $?, 0, "no input breaks a parser, seed $seed" or diag substr($said, 0, 3000);
	my ($runs) = $said =~ /(\d+) inputs/;
	cmp_ok $runs // 0, '>', 10000, '... of ten thousand and more';
}
done_testing;
