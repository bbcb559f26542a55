# Pictures: what comes in is made anew, small and without its past; what is no picture is refused.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Compress::Zlib;
use Web;

# A PNG picture of plain colour with a red left half.
sub png {
	my ($width, $height, %more) = @_;
	my $row = "\0" . "\xFF\0\0" x int($width / 2) . "\0\0\xFF" x ($width - int($width / 2));
	my $chunk = sub { my ($type, $data) = @_; return pack('N', length $data) . $type . $data . pack('N', crc32($type . $data)) };
	return "\x89PNG\r\n\x1A\n" . $chunk->('IHDR', pack('NNCCCCC', $more{width} // $width, $more{height} // $height, 8, 2, 0, 0, 0))
		. $chunk->('tEXt', "Comment\0made in the secret garden") . $chunk->('IDAT', compress($row x $height)) . $chunk->('IEND', '');
}

# Sends a file as a form with a file does.
sub upload {
	my ($browser, $bytes, %more) = @_;
	my %fields = $browser->get('/product/picture?id=3')->fields('/product/picture?id=3');
	my $boundary = 'x' x 20;
	my $body = '';
	$body .= "--$boundary\r\nContent-Disposition: form-data; name=\"$_\"\r\n\r\n$fields{$_}\r\n" for sort keys %fields;
	$body .= "--$boundary\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"" . ($more{name} // 'a.jpg')
		. "\"\r\nContent-Type: " . ($more{type} // 'image/jpeg') . "\r\n\r\n$bytes\r\n--$boundary--\r\n";
	return $browser->request('POST', '/product/picture?id=3', $more{cut} ? substr($body, 0, -$more{cut}) : $body,
		"multipart/form-data; boundary=$boundary");
}

# Width and height of a JPEG picture.
sub size_of {
	my ($jpeg) = @_;
	return $jpeg =~ /\xFF[\xC0-\xC2]..\x08(..)(..)/s ? join 'x', unpack('n', $2), unpack('n', $1) : 'none';
}

my $owner = browser('owner');
my $page = upload($owner, png(1200, 800), name => '../../etc/passwd', type => 'text/html');
is $page->{status}, 303, 'a picture is taken, whatever its name and claimed type';
my %hash = map { split /\|/ } split /\n/, sql('SELECT size, hash FROM shop.product_image WHERE product_id = 3');
my $large = $owner->get("/picture?hash=$hash{large}");
is $large->header('Content-Type'), 'image/jpeg', 'it is a JPEG now';
is $large->header('Content-Security-Policy') . $large->header('X-Content-Type-Options'), "default-src 'none'; frame-ancestors 'none'; sandboxnosniff",
	'... and nothing else, wherever it is opened';
like $large->header('Cache-Control'), qr/immutable/, '... that a browser keeps';
is $large->header('Set-Cookie'), '', '... and that brings no cookie';
is size_of($large->{raw}), '640x426', 'the large one is 640 pixels wide';
my $small = $owner->get("/picture?hash=$hash{small}");
is size_of($small->{raw}), '160x106', 'the small one 160';
cmp_ok length $small->{raw}, '<', 6000, '... and a few kilobytes';
unlike $large->{raw}, qr/secret garden/, 'what else was in the file is gone';
like $owner->get('/product?id=3')->{body}, qr/<img src="\/picture\?hash=$hash{large}" alt="[^"]+" loading="lazy"/, 'the page of the product shows it';
{
	local $owner->{headers} = { HTTP_SAVE_DATA => 'on' };
	unlike $owner->get('/product?id=3')->{body}, qr/<img/, 'a phone that spares data gets none';
}
is browser()->get("/picture?hash=$hash{small}")->{status}, 200, 'who knows the hash gets the picture';
is browser()->get('/picture?hash=' . 'f' x 64)->{status}, 404, '... and nobody else';

# -- JPEG, with what cameras put in
my $jpeg = $large->{raw};
my $exif = "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0GPS of the shop";
my $turned = substr($jpeg, 0, 2) . "\xFF\xE1" . pack('n', 2 + length $exif) . $exif . substr($jpeg, 2);
is upload($owner, $turned)->{status}, 303, 'a JPEG picture is taken';
%hash = map { split /\|/ } split /\n/, sql('SELECT size, hash FROM shop.product_image WHERE product_id = 3');
$large = $owner->get("/picture?hash=$hash{large}");
is size_of($large->{raw}), '426x640', 'one that the camera took on its side is put upright';
unlike $large->{raw}, qr/GPS|Exif/, 'the place where it was taken is gone';
is upload($owner, $jpeg . "<?php system('id'); ?>")->{status}, 303, 'one with a script behind it is a picture too';
%hash = map { split /\|/ } split /\n/, sql('SELECT size, hash FROM shop.product_image WHERE product_id = 3');
unlike $owner->get("/picture?hash=$hash{large}")->{raw}, qr/php/, '... without it';

# -- what is none
my $before = sql(q{SELECT string_agg(hash, ' ' ORDER BY size) FROM shop.product_image});
my $wide = $jpeg;
$wide =~ s/(\xFF[\xC0-\xC2]..\x08)..../$1 . pack('nn', 6000, 5001)/se;
my @bad = (
	['nothing', ''], ['a text', 'hello world, this is no picture'], ['an SVG drawing', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
	['a GIF', "GIF89a\1\0\1\0\x80\0\0\0\0\0\xFF\xFF\xFF!\xF9\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"], ['a script named .jpg', "<?php phpinfo(); ?>"],
	['the first half of a JPEG', substr($jpeg, 0, length($jpeg) / 2)], ['the first bytes of a JPEG', substr($jpeg, 0, 4)],
	['the first half of a PNG', substr(png(300, 300), 0, 150)], ['a JPEG that claims 30 megapixels', $wide],
	['a PNG that claims 30 megapixels', png(10, 10, width => 6000, height => 5001)], ['a PNG without end', png(10, 10, width => 2000, height => 2000)]);
for my $case (@bad) {
	my ($what, $bytes) = @$case;
	my $page = upload($owner, $bytes);
	is $page->{status}, 422, "no picture: $what";
	is $page->{exit}, 0, '... and the program is well';
}
is upload($owner, 'x' x (5 * 1024 * 1024 + 1))->{status}, 422, 'a file of more than 5 MB is too large';
is $owner->request('POST', '/product/picture?id=3', '', 'multipart/form-data; boundary=x', CONTENT_LENGTH => 7_000_000)->{status}, 413,
	'... and one of 7 MB is not even read';
is upload($owner, $jpeg, cut => 10)->{status}, 400, 'an upload that was cut off is refused';
is sql(q{SELECT string_agg(hash, ' ' ORDER BY size) FROM shop.product_image}), $before, 'the picture is still the one before';
is upload(browser('owner'), $jpeg)->{status}, 303, '... and then a good one is taken again';

done_testing;
