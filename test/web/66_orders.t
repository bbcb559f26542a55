# What to order, why so much, ordering it, what comes of it; suppliers.
use strict;
use warnings;
use utf8;
use lib 'test/web';
use Test::More;
use Web;

my $owner = browser('owner');
my $cashier = browser('cashier');

sub orders { return sql('SELECT count(*) FROM shop.purchase_order') }
sub level { return sql("SELECT trim_scale(on_hand) || ' ' || trim_scale(on_order) FROM shop.stock_level WHERE product_id = $_[0]") }

# -- suppliers
my $page = $owner->get('/supplier/new')->submit('/supplier/new', name => 'Aa Moulins "du" <b>', phone => '0997 123 456', city => 'Butembo',
	lead_days => 4, lead_sd_days => '1,5', review_days => 7);
is $page->{status}, 303, 'a supplier is stored';
my $supplier = sql(q{SELECT id FROM shop.supplier WHERE name LIKE 'Aa Moulins%'});
is sql("SELECT phone || ' ' || lead_days || ' ' || trim_scale(lead_sd_days) || ' ' || review_days FROM shop.supplier WHERE id = $supplier"),
	'+243997123456 4 1.5 7', '... as it was typed';
like $page->follow->{body}, qr{Enregistré.*Aa Moulins &quot;du&quot; &lt;b&gt;|Enregistré.*Aa Moulins "du" &lt;b&gt;}s, '... and is in the list';
my $known = sql('SELECT count(*) FROM shop.supplier');
for my $bad ([name => '', 'Il faut remplir'], [name => 'Aa Moulins "du" <b>', 'pris'], [name => 'x' x 201, 'Au plus 200'], [phone => 'abc', '.'],
	[lead_days => '', 'Il faut remplir'], [lead_days => '-1', 'Au moins'], [lead_days => '366', 'Au plus 365'], [lead_days => '1,5', 'entier'],
	[lead_sd_days => 'x', 'nombre'], [review_days => '0', 'Au moins 1']) {
	my ($field, $value, $message) = @$bad;
	my %good = (name => 'Bb', lead_days => 1, review_days => 1, city => 'Beni');
	$page = $owner->get('/supplier/new')->submit('/supplier/new', %good, $field => $value);
	is $page->{status}, 422, "a supplier with $field \"" . substr($value, 0, 20) . '" is not taken';
	like $page->{body}, qr/class="error" id="$field-error">[^<]*$message/, '... and it is said why';
	like $page->{body}, qr/value="Beni"/, '... and the rest is still there';
}
is sql('SELECT count(*) FROM shop.supplier'), $known, 'none of them was stored';
my $edit = "/supplier/edit?id=$supplier";
is $owner->get($edit)->submit($edit, lead_days => 6, phone => '')->{status}, 303, 'a supplier is changed';
is sql("SELECT lead_days || coalesce(phone, ' no phone') FROM shop.supplier WHERE id = $supplier"), '6 no phone', '... as it was typed';
is $owner->get($edit)->submit($edit, phone => '+243 997 123 456')->{status}, 303, '... and again';
is $owner->get('/supplier/edit?id=999999')->{status}, 404, 'there is nothing to change of one that is not there';

# -- what to order
my $category = sql('SELECT min(id) FROM shop.category');
my $make = "INSERT INTO shop.product (category_id, price, unit_cost, policy, threshold, target, pack_size, name, supplier_id) VALUES ($category, 900, 7654, 'manual', 5, 20, 6";
my $id = sql("$make, 'Zz farine <i>', $supplier) RETURNING id");
my $other = sql("$make, 'Zz levure', $supplier) RETURNING id");
my $orphan = sql("$make, 'Zz orphelin', NULL) RETURNING id");
sql("SELECT shop.receive(NULL, ARRAY[$id]::bigint[], ARRAY[2]), shop.receive(NULL, ARRAY[$other]::bigint[], ARRAY[50])");
my $address = "/reorder?from=$supplier";
$page = $owner->get($address);
like $page->{body}, qr{name="quantity$id"[^>]* value="18"}, 'the list suggests whole packs up to what is wanted';
unlike $page->{body}, qr{name="quantity$other"}, '... and nothing of what is not short';
like $page->{body}, qr{Pourquoi 18.*Il y en a 2, dont 0.*votre propre seuil.*il en reste 5 ou moins, jusqu&#39;à 20.*lots de 6, au moins 0.{1,3}: 18}s,
	'... and says where the number comes from';
like $page->{body}, qr{137.{1,3}772}, '... and what it costs';
like $owner->get("$address&all=1")->{body}, qr{name="quantity$other"[^>]* value=""}, 'all products of a supplier can be ordered';
like $owner->get('/reorder')->{body}, qr{Aa Moulins.*Sans fournisseur.*/product/edit\?id=$orphan}s, 'the whole list is by supplier, last what has none';
my $rules = sql(q{SELECT count(*) FROM shop.to_order WHERE rule ^@ 'tsb'});
like $owner->get('/reorder')->{body}, qr/demandés par semaine/, 'forecasts are explained by what is asked for in a week' if $rules;

my $before = orders();
for my $bad (["quantity$id" => '', 'Rien'], ["quantity$id" => '0', 'Rien'], ["quantity$id" => '-6', 'Au moins'], ["quantity$id" => 'dix', 'nombre'],
	["quantity$id" => '7', 'lots de 6.*12'], ["quantity$id" => '1,5', 'entières'], ["quantity$id" => '1000000000', 'Au plus'],
	["quantity$other" => '5', 'lots de 6']) {
	my ($field, $value, $message) = @$bad;
	$page = $owner->get("$address&all=1")->submit('/reorder', "quantity$id" => '', $field => $value);
	is $page->{status}, 422, "an order of \"$value\" is not taken";
	like $page->{body}, qr/$message/, '... and it is said why';
	like $page->{body}, qr/name="$field"[^>]* value="\Q$value\E"/, '... and what was typed is still there';
}
is orders(), $before, 'none of them was made';
is $owner->post('/reorder', ($owner->get($address)->fields('/reorder')), quantity999999 => 6)->{status}, 404, 'what is not there is not ordered';
is $owner->post('/reorder', map { $_ eq $supplier ? 999999 : $_ } $owner->get($address)->fields('/reorder'))->{status}, 404,
	'nor from a supplier who is not there';

# -- the order
$page = $owner->get("$address&all=1")->submit('/reorder', "quantity$other" => 12);
is $page->{status}, 303, 'an order is made by one button';
my ($order) = $page->header('Location') =~ /id=(\d+)/;
is sql("SELECT string_agg(trim_scale(ordered)::text, ' ' ORDER BY product_id) FROM shop.purchase_order_line WHERE purchase_order_id = $order"), '18 12',
	'... with what was suggested and what was typed';
is level($id), '2 18', '... and is on its way';
is sql("SELECT expected_on - current_date FROM shop.purchase_order WHERE id = $order"), 6, '... expected after the supplier\'s days';
$page = $page->follow;
like $page->{body}, qr{href="sms:\+243997123456\?body=[^"]*18[^"]*".*href="https://wa.me/243997123456\?text=}s, 'it can be sent by phone';
like $page->{body}, qr{Zz farine &lt;i&gt;: 18 pièces}, '... its text names what is wanted';
like $owner->get('/orders')->{body}, qr{href="/order\?id=$order"}, 'it is among the orders on their way';
unlike $owner->get($address)->{body}, qr{name="quantity$id"}, 'and what it brings need not be ordered again';
my @form = $owner->get("$address&all=1")->fields('/reorder');
my %once = (@form, "quantity$other" => 6);
my @twice = map { $owner->post('/reorder', %once)->header('Location') } 1 .. 2;
is $twice[1], $twice[0], 'an order sent twice is one';
my ($second) = $twice[0] =~ /id=(\d+)/;

# -- what comes of it
$address = "/order?id=$order";
for my $bad (["quantity$id" => '-1', 'Au moins'], ["quantity$id" => '0,5', 'entières'], ["quantity$id" => 'x', 'nombre']) {
	my ($field, $value, $message) = @$bad;
	$page = $owner->get($address)->submit($address, $field => $value);
	is $page->{status}, 422, "\"$value\" does not arrive";
	like $page->{body}, qr/class="error"[^>]*>[^<]*$message/, '... and it is said why';
}
$page = $owner->get($address)->submit($address, "quantity$id" => '', "quantity$other" => '0');
is $page->{status}, 422, 'nothing does not arrive';
is $owner->get($address)->submit($address, "quantity$orphan" => 1)->{status}, 422, 'nor what was not ordered';
is level($id), '2 18', 'nothing has moved';
$page = $owner->get($address)->submit($address, "quantity$id" => 10, "quantity$other" => '');
is $page->{status}, 303, 'a part arrives';
is level($id), '12 8', '... and is in stock, the rest on its way';
like $owner->get($address)->{body}, qr{18 commandés, 10 arrivés.*name="quantity$id"[^>]* value="8"}s, '... and the page says so';
my @all = $owner->get($address)->fields($address);
$owner->post($address, @all) for 1 .. 2;
is level($id) . ' ' . level($other), '20 0 62 6', 'the rest arrives, once though sent twice';
is sql("SELECT status FROM shop.purchase_order WHERE id = $order"), 'received', '... and the order is done';
is $owner->post($address, @all[0, 1], once => '1' x 32, "quantity$id" => 1)->{status}, 422, 'nothing more comes of it';
unlike $owner->get($address)->{body}, qr/<input class="each"/, '... and nothing more can be typed';
is $owner->get("/order/cancel?id=$order")->submit("/order/cancel?id=$order")->{status}, 422, '... nor cancelled';

# -- cancelling, being late
sql("UPDATE shop.purchase_order SET expected_on = current_date - 1 WHERE id = $second");
like $owner->get('/orders?state=late')->{body}, qr{id=$second".*En retard}s, 'an order that has not come is late';
$page = $owner->get("/order/cancel?id=$second")->submit("/order/cancel?id=$second");
is $page->{status}, 303, 'an order is cancelled';
is level($other), '62 0', '... and is no longer on its way';
like $page->follow->{body}, qr/Annulée/, '... and says so';
like $owner->get("/orders?state=all&supplier=$supplier")->{body}, qr{id=$second".*id=$order"}s, 'all orders of a supplier can be seen';
is $owner->get('/order?id=999999')->{status}, 404, 'an order that is not there is 404';
is $cashier->get($_)->{status}, 403, "a cashier does not order: $_" for '/reorder', '/orders', $address, '/suppliers';

sql("UPDATE shop.product SET active = false WHERE id IN ($id, $other, $orphan)");
done_testing;
