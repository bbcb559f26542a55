# Sales: the list with its filters, one sale, and goods that come back.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Web;

my $owner = browser('owner');
my $cashier = browser('cashier');

# Follows a list to its end: the ids in its order.
sub all_of {
	my ($address) = @_;
	my @ids;
	while (defined $address) {
		my $page = $cashier->get($address);
		push @ids, $page->{body} =~ m{<td><a href="/sale\?id=(\d+)">}g;
		($address) = $page->{body} =~ m{<a rel="next" href="([^"]+)"};
		$address =~ s/&amp;/&/g if defined $address;
	}
	return join ' ', @ids;
}
sub wanted { return join ' ', split /\n/, sql("SELECT id FROM shop.sale s WHERE $_[0] ORDER BY sold_at DESC, id DESC") }

# -- the list
my ($day) = sql("SELECT (max(sold_at) AT TIME ZONE 'Africa/Lubumbashi')::date - 3 FROM shop.sale");
my $of_day = "(s.sold_at AT TIME ZONE 'Africa/Lubumbashi')::date";
my $client = sql('SELECT client_id FROM shop.sale WHERE client_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1');
my $product = sql('SELECT product_id FROM shop.sale_line GROUP BY 1 ORDER BY count(*), 1 LIMIT 1');
my $rare = sql("SELECT name FROM shop.product WHERE id = $product");
is $cashier->get('/sales')->{status}, 200, 'the list of sales is shown';
is all_of("/sales?day=$day"), wanted("$of_day = '$day'"), 'by day it shows every sale of that day once, latest first';
is all_of('/sales?day=' . join '%2F', reverse split /-/, $day), wanted("$of_day = '$day'"), '... the day as people write it too';
is all_of("/sales?client=$client"), wanted("client_id = $client"), 'by client it shows all purchases';
is all_of("/sales?product=$product"), wanted("EXISTS (SELECT FROM shop.sale_line WHERE sale_id = s.id AND product_id = $product)"), 'by product it shows all its sales';
is all_of("/sales?client=$client&day=$day"), wanted("client_id = $client AND $of_day = '$day'"), '... and by both';
my $name = sql("SELECT name FROM shop.client WHERE id = $client");
is all_of('/sales?' . Web::Browser::encode(q => $name)), wanted("client_id IN (SELECT id FROM shop.client WHERE strpos(lower(name), lower('$name')) > 0)"),
	'a client is found by name';
my $quoted = $rare =~ s/'/''/gr;
is all_of('/sales?' . Web::Browser::encode(q => $rare)),
	wanted("EXISTS (SELECT FROM shop.sale_line l JOIN shop.product p ON p.id = l.product_id WHERE l.sale_id = s.id AND strpos(lower(p.name), lower('$quoted')) > 0)"),
	'... and a product';
my $page = $cashier->get("/sales?day=$day");
my $count = sql("SELECT count(*) FROM shop.sale s WHERE $of_day = '$day'");
like $page->{body}, qr/>\d\d\/\d\d\/\d{4}: $count ventes?, <b>/, 'a day has its total';
for my $bad ('2026-02-31', 'yesterday', '0000-00-00', "2026-01-01' OR '1'='1") {
	$page = $cashier->get('/sales?' . Web::Browser::encode(day => $bad));
	is $page->{status}, 422, "a day of $bad is not taken";
	like $page->{body}, qr/id="day-error">/, '... and it is said beside the field';
}
is $cashier->get($_)->{status}, 404, "$_ is not there"
	for '/sales?client=x', '/sales?client=99999999', '/sales?product=99999999', '/sales?after=-1', '/sale', '/sale?id=99999999', '/sale?id=x';
is $cashier->get('/sales?q=%25%27')->{status}, 200, 'what is looked for is text';
unlike $cashier->get('/sales?q=%22%3E%3Cscript%3E')->{body}, qr/<script/, '... in the page too';

# -- one sale, with two of one product and two and a half kilos of another
my ($piece) = sql('SELECT p.id FROM shop.product p JOIN shop.stock_level l ON l.product_id = p.id WHERE NOT p.divisible AND l.on_hand > 20 ORDER BY p.id LIMIT 1');
my ($rice) = sql('SELECT p.id FROM shop.product p JOIN shop.stock_level l ON l.product_id = p.id WHERE p.divisible AND l.on_hand > 20 ORDER BY p.id LIMIT 1');
sql("UPDATE shop.product SET unit_cost = 7654, price = 9000 WHERE id = $piece");
my $sale = sql("SELECT shop.sell($client, ARRAY[$piece, $rice], ARRAY[2, 2.5])");
sub stock { return sql("SELECT trim_scale(on_hand - reserved) FROM shop.stock_level WHERE product_id = $_[0]") }
sub refunds { return sql('SELECT count(*) FROM shop.sale_line WHERE refund_of IS NOT NULL') }
$page = $owner->get("/sale?id=$sale");
like $page->{body}, qr/<h1>Vente n°\s$sale<\/h1>.*\Q$name\E/s, 'a sale has a page with its client';
like $page->{body}, qr/Marge/, '... and for the owner what was earned';
like $page->{body}, qr{href="/receipt\?id=$sale".*href="/sale/refund\?id=$sale"}s, '... and its receipt, and a way to take goods back';
my $seen = $cashier->get("/sale?id=$sale");
is $seen->{status}, 200, 'a cashier sees it too';
unlike $seen->{body}, qr/Marge|refund|\b7[^0-9a-z]{0,3}654\b|\b2[^0-9a-z]{1,3}692\b/, '... but neither costs nor margin, nor takes back';
is $cashier->get("/sale/refund?id=$sale")->{status}, 403, '... by the address neither';

# -- goods that come back
my $form = "/sale/refund?id=$sale";
my ($before, $stock) = (refunds(), stock($piece));
for my $case (["back$piece" => '3', qr/Au plus 2/], ["back$piece" => '0,5', qr/unités entières/], ["back$rice" => '2,6', qr/Au plus 2,5/],
	["back$piece" => 'x', qr/nombre/], ["back$piece" => '-1', qr/Au moins 0/]) {
	my ($field, $value, $message) = @$case;
	$page = $owner->get($form)->submit($form, $field => $value);
	is $page->{status}, 422, "$value of " . ($field eq "back$rice" ? 'rice' : 'two pieces') . ' cannot come back';
	like $page->{body}, qr/<p class="error" id="$field-error">[^<]*$message/, '... and it is said why beside it';
	like $page->{body}, qr/name="$field"[^>]* value="\Q$value\E"/, '... and it is still there';
}
is $owner->get($form)->submit($form)->{status}, 422, 'nothing cannot come back';
is $owner->get($form)->submit($form, 'back99999' => 1)->{status}, 422, 'nor what was not sold';
is refunds(), $before, 'nothing of these was taken back';
my $open = $owner->get($form);
my $back = $open->submit($form, "back$piece" => 1, restock => 1);
is $back->{status}, 303, 'one piece comes back';
is stock($piece), $stock + 1, '... and is on the shelf again';
like $back->follow->{body}, qr/Retour n°\s\d+, du reçu n°\s$sale.*\x{2212}9\x{202F}000\x{A0}FC/s, '... with a receipt below zero';
is $open->submit($form, "back$piece" => 1, restock => 1)->header('Location'), $back->header('Location'), 'two taps take it back once';
is stock($piece), $stock + 1, '... really';
like $owner->get("/sale?id=$sale")->{body}, qr/1 rendus.*Retour n°\s\d+/s, 'the sale says so';
my $rice_left = stock($rice);
$back = $owner->get($form)->submit($form, all => 1, restock => undef);
is $back->{status}, 303, 'the rest comes back';
is stock($piece) . ' ' . stock($rice), ($stock + 1) . " $rice_left", '... damaged: not on the shelf';
is sql("SELECT trim_scale(sum(quantity)) FROM shop.sale_line WHERE sale_id = $sale OR refund_of IN (SELECT id FROM shop.sale_line WHERE sale_id = $sale)"), 0,
	'... all of it';
like $owner->get($form)->{body}, qr/ne reste rien/, 'then there is nothing left to come back';
is $owner->get('/sale/refund?id=99999999')->{status}, 404, 'nor of a sale that is not there';
done_testing;
