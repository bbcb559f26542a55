# Stock: levels and their alerts, movements with reasons, undoing them, counting.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Web;

my $owner = browser('owner');
my $cashier = browser('cashier');

sub level { return sql("SELECT trim_scale(on_hand) FROM shop.stock_level WHERE product_id = $_[0]") }
sub moves { return sql('SELECT count(*) FROM shop.stock_move') }

# A product of its own: whole units, ten of them, three set aside; and one sold by weight.
my $category = sql(q{INSERT INTO shop.category (name) VALUES ('Étagère <i>du fond</i>') RETURNING id});
my $id = sql(qq{INSERT INTO shop.product (name, category_id, price, unit_cost, threshold) VALUES ('Zz lampe <b>', $category, 500, 300, 2) RETURNING id});
my $kilo = sql(qq{INSERT INTO shop.product (name, category_id, price, unit_cost, unit, divisible) VALUES ('Zz haricots', $category, 500, 300, 'kg', true) RETURNING id});
sql("SELECT shop.receive(NULL, ARRAY[$id, $kilo]::bigint[], ARRAY[10, 4.5])");

# -- levels
my $page = $owner->get('/stock?q=zz');
like $page->{body}, qr{Zz lampe &lt;b&gt;.*?<b>10</b>}s, 'the list has the level of a product';
like $page->{body}, qr{<b>4,5</b> kg}, '... in the writing of the language';
like $page->{body}, qr{seuil 2}, '... and its threshold';
unlike $owner->get('/stock?q=zz&state=alert')->{body}, qr/lampe/, 'what is not short is not among the alerts';
sql("SELECT shop.reserve(NULL, ARRAY[$id]::bigint[], ARRAY[3], order_ref => 'stock test')");
like $owner->get('/stock?q=zz')->{body}, qr{<b>7</b>.*?3 réservés}s, 'what is set aside is not there to be sold';
for my $case (['/stock?state=out', 'Épuisé'], ['/stock?state=low', 'Bientôt épuisé'], ['/stock?state=late', 'Livraison en retard']) {
	my ($address, $word) = @$case;
	my ($kind) = $address =~ /=(\w+)/;
	my $count = sql("SELECT count(*) FROM shop.stock_alert a JOIN shop.product p ON p.id = a.product_id WHERE closed_at IS NULL AND kind = '$kind' AND p.active"
		. ($kind eq 'low' ? " AND NOT EXISTS (SELECT FROM shop.stock_alert o WHERE o.product_id = p.id AND o.kind = 'out' AND o.closed_at IS NULL)" : ''));
	my @badges = $owner->get($address)->{body} =~ m{<b class="badge[^"]*">\Q$word\E</b>}g;
	is scalar(@badges), $count > 25 ? 25 : $count, "$address shows the alerts of that kind";
}
my (%seen, $address);
for ($address = '/stock'; defined $address;) {
	$page = $owner->get($address);
	$seen{$_}++ for $page->{body} =~ m{<a href="/product\?id=(\d+)">}g;
	($address) = $page->{body} =~ m{<a rel="next" href="([^"]+)"};
	$address =~ s/&amp;/&/g if defined $address;
}
is join(' ', scalar(keys %seen), (sort values %seen)[-1]), sql('SELECT count(*) FROM shop.product WHERE active') . ' 1',
	'page after page the list shows every product once';

# -- movements
my $before = moves();
for my $bad ([quantity => '', 'Il faut remplir'], [quantity => '0', 'Plus de zéro'], [quantity => '-3', 'Au moins 0'], [quantity => 'x', 'nombre'],
	[quantity => '1,5', 'entières'], [quantity => '8', 'pas autant'], [quantity => '1000000000', 'Au plus'], [reason => 'magic', 'liste'],
	[reason => '', 'remplir|liste']) {
	my ($field, $value, $message) = @$bad;
	$page = $owner->get("/stock/move?product=$id")->submit("/stock/move?product=$id", reason => 'broken', quantity => 1, $field => $value);
	is $page->{status}, 422, "a loss with $field \"$value\" is not taken";
	like $page->{body}, qr/class="error"[^>]*>[^<]*$message/, '... and it is said why';
	like $page->{body}, qr/<option value="broken" selected/, '... and the rest is still there' if $field eq 'quantity';
}
is moves(), $before, 'none of them moved anything';
$page = $owner->get("/stock/move?product=$id")->submit("/stock/move?product=$id", reason => 'stolen', quantity => 2);
is $page->{status}, 303, 'a loss is noted';
is level($id), 8, '... and the level falls';
$page = $page->follow;
like $page->{body}, qr/−2.*?Perte, Volé ou perdu.*?Kavira/s, '... and the list says what, why and who';
$page = $owner->get("/stock/move?product=$kilo")->submit("/stock/move?product=$kilo", reason => 'arrived', quantity => '2,25');
is level($kilo), '6.75', 'goods that come are added';
my %form = ($owner->get("/stock/move?product=$id")->fields("/stock/move?product=$id"), reason => 'broken', quantity => 1);
$owner->post("/stock/move?product=$id", %form) for 1 .. 2;
is level($id), 7, 'a loss sent twice counts once';
is $owner->get('/stock/move?product=999999')->{status}, 404, 'there is nothing to move of a product that is not there';
unlike $cashier->get("/stock/moves?product=$id")->{body}, qr{\(Kavira|/stock/move\?|/stock/undo}, 'a cashier sees movements, not by whom, and cannot make them';
is $cashier->get("/stock/move?product=$id")->{status}, 403, '... neither by the address';

# -- undoing
my ($undo) = $owner->get("/stock/moves?product=$id&kind=writeoff")->{body} =~ m{/stock/undo\?id=(\d+)};
$page = $owner->get("/stock/undo?id=$undo")->submit("/stock/undo?id=$undo");
is $page->{status}, 303, 'a mistake is undone';
is level($id), 8, '... and the level is what it was';
like $page->follow->{body}, qr/Annulation/, '... by a second movement';
is $owner->get("/stock/undo?id=$undo")->{status}, 404, '... and not twice';
my $sold = sql(q{SELECT max(id) FROM shop.stock_move WHERE kind = 'sale'});
is $owner->get("/stock/undo?id=$sold")->{status}, 404, 'what was sold is not undone here';
my $receipt = sql("SELECT id FROM shop.stock_move WHERE product_id = $id AND kind = 'receipt'");
$page = $owner->get("/stock/undo?id=$receipt")->submit("/stock/undo?id=$receipt");
is $page->{status}, 422, 'what has gone since cannot be undone';
is level($id), 8, '... and nothing changes';

# -- counting
my $sheet = "/stock/count?category=$category";
$before = moves();
like $cashier->get($sheet)->{body}, qr/name="quantity$id".*name="quantity$kilo"|name="quantity$kilo".*name="quantity$id"/s, 'the sheet of a shelf has its products';
unlike $cashier->get($sheet)->{body}, qr/6,75/, '... and does not say what there should be';
for my $bad (["quantity$id" => '', 'Rien'], ["quantity$id" => '-1', 'Au moins'], ["quantity$id" => '7,5', 'entières'], ["quantity$id" => '2', '3 sont réservés'],
	["quantity$kilo" => 'beaucoup', 'nombre'], ["quantity$kilo" => '1,2345', 'décimales']) {
	my ($field, $value, $message) = @$bad;
	$page = $cashier->get($sheet)->submit($sheet, $field => $value);
	is $page->{status}, 422, "a count of \"$value\" is not taken";
	like $page->{body}, qr/$message/, '... and it is said why';
	like $page->{body}, qr/name="$field"[^>]* value="\Q$value\E"/, '... and what was typed is still there';
}
$page = $cashier->get($sheet)->submit($sheet, "quantity$id" => '5', "quantity$kilo" => 'x');
is $page->{status}, 422, 'one bad line keeps the whole count out';
is moves(), $before, '... and nothing has moved';
$page = $cashier->get($sheet)->submit($sheet, "quantity$id" => '5', "quantity$kilo" => '6,75');
is $page->{status}, 303, 'a count is taken';
is level($id) . ' ' . level($kilo), '5 6.75', '... and the levels are what was counted';
is moves(), $before + 1, '... what agreed does not move';
like $page->follow->{body}, qr/écarts.*−3.*Inventaire/s, '... and the difference is shown';
$page = $cashier->get($sheet)->submit($sheet, "quantity$kilo" => '6,75');
like $page->follow->{body}, qr/sans écart/, 'a count that agrees says so';
is $cashier->post($sheet, %{ { $cashier->get($sheet)->fields($sheet) } }, 'quantity999999' => 1)->{status}, 404, 'what is not there is not counted';

# -- what lies too long
is $cashier->get('/stock/slow')->{status}, 403, 'what lies too long shows costs, so a cashier does not see it';
my $value = sql('SELECT count(*) FROM shop.slow_movers');
my @rows = $owner->get('/stock/slow')->{body} =~ /<tr><td>/g;
is scalar(@rows), $value > 25 ? 25 : $value, 'the owner sees it';

sql(q{SELECT shop.release(order_ref => 'stock test')});
sql("UPDATE shop.product SET active = false WHERE id IN ($id, $kilo)");
done_testing;
